#include "tests/kernels/jit/jit_kernel.h"

#include <stdexcept>

namespace convoy {

JitKernel::JitKernel(const Kernel &kernel, const Schedule &schedule, const Board &board) {
    ScheduledKernel built = template_of(schedule, board).build(kernel, schedule, board);
    argument_count_ = built.arguments.size() + 1;
    const Halide::Target target = Halide::Target(board.halide_target)
                                      .with_feature(Halide::Target::JIT)
                                      .with_feature(Halide::Target::NoAsserts)
                                      .with_feature(Halide::Target::NoBoundsQuery);
    callable_ = built.output.compile_to_callable(built.arguments, target);
}

JitCall::JitCall(const JitKernel &kernel, const std::vector<float *> &pointers)
    : callable_(kernel.callable_), buffers_(pointers.size(), halide_buffer_t{}) {
    if (pointers.size() != kernel.argument_count_) {
        throw std::runtime_error("the kernel has " + std::to_string(kernel.argument_count_) +
                                 " arguments, not " + std::to_string(pointers.size()));
    }
    arguments_.push_back(&context_pointer_);
    for (size_t i = 0; i < pointers.size(); i++) {
        buffers_[i].host = reinterpret_cast<uint8_t *>(pointers[i]);
        arguments_.push_back(&buffers_[i]);
    }
}

void JitCall::operator()() {
    if (const int error = callable_.call_argv_fast(arguments_.size(), arguments_.data()))
        throw std::runtime_error("the kernel returned error " + std::to_string(error));
}

}  // namespace convoy
