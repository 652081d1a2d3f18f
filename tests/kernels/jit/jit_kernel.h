#pragma once

#include <vector>

#include "schedules/operands.h"
#include "schedules/template.h"

namespace convoy {

// A scheduled kernel compiled into this process for a board's target, without assertions and bounds
// queries.
class JitKernel {
public:
    JitKernel(const Kernel &kernel, const Schedule &schedule, const Board &board);

private:
    friend class JitCall;
    Halide::Callable callable_;
    size_t argument_count_ = 0;
};

// Calls of a kernel as a compiled library's driver makes them: of a buffer only the host pointer is
// set.
class JitCall {
public:
    // One pointer an argument, in the order of ScheduledKernel, the output's last. The kernel must
    // outlive the call.
    JitCall(const JitKernel &kernel, const std::vector<float *> &pointers);
    JitCall(const JitCall &) = delete;

    // Throws std::runtime_error when the kernel returns an error.
    void operator()();

private:
    const Halide::Callable &callable_;
    Halide::JITUserContext context_;
    Halide::JITUserContext *const context_pointer_ = &context_;
    std::vector<halide_buffer_t> buffers_;
    std::vector<const void *> arguments_;
};

}  // namespace convoy
