#pragma once

#include <filesystem>
#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

#include "schedules/choose.h"

namespace convoy {

struct CompileError : std::runtime_error {
    using std::runtime_error::runtime_error;
};

struct KernelCompileOptions {
    int jobs = 2;                      // kernels compiled at once
    double seconds_per_schedule = 60;  // a schedule that takes longer is dropped for the next
    size_t schedules_per_kernel = 3;   // beside the reference schedule
    bool assembly = false;             // written too
    ScheduleRules rules;
    std::function<void(int done, int total)> progress;
    std::function<void(const std::string &)> warn;
};

struct CompiledKernel {
    std::filesystem::path object;
    RankedSchedule ranked;
    int64_t scratch_bytes = 0;            // what a thread that runs it allocates at most
    std::filesystem::path assembly = {};  // empty where none was asked for
};

// Compiles each kernel to folder/<symbol_prefix>k<i>.o, whose function <symbol_prefix>k<i> takes
// the call's context and the buffers. Each runs in a child process with a time limit, since some
// schedules make the compiler explode; one that fails or takes too long gives way to the next.
// Throws CompileError when none is left, Interrupted.
std::vector<CompiledKernel> compile_kernels(const std::vector<Kernel> &kernels, const Board &board,
                                            const Records &records,
                                            const std::string &symbol_prefix,
                                            const std::filesystem::path &folder,
                                            const KernelCompileOptions &options);

}  // namespace convoy
