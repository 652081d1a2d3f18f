#include "compiler/emit/kernel_compiler.h"

#include <map>

#include "compiler/emit/compile_processes.h"
#include "compiler/emit/staging.h"
#include "compiler/interrupt.h"

namespace convoy {

namespace {

namespace fs = std::filesystem;

// A kernel on its way through its schedules.
struct Attempts {
    std::vector<RankedSchedule> schedules;
    size_t at = 0;
    std::string last_failure;
};

class Compilation {
public:
    Compilation(const std::vector<Kernel> &kernels, const Board &board, const Records &records,
                const std::string &symbol_prefix, const fs::path &folder,
                const KernelCompileOptions &options)
        : kernels_(kernels),
          board_(board),
          records_(records),
          prefix_(symbol_prefix),
          folder_(folder),
          options_(options),
          processes_(board, folder, {options.seconds_per_schedule}),
          attempts_(kernels.size()),
          compiled_(kernels.size()) {}

    std::vector<CompiledKernel> run() {
        int next = 0, done = 0;
        const int total = (int)kernels_.size();
        report(done, total);
        while (done < total) {
            while (next < total && processes_.running() < options_.jobs) {
                attempts_[next].schedules =
                    rank_schedules(kernels_[next], board_, records_, options_.schedules_per_kernel,
                                   options_.rules);
                start(next++);
            }
            throw_if_interrupted();
            const auto ended = processes_.finished();
            if (!ended) continue;
            finish(ended->first, ended->second);
            done = next - processes_.running();
            report(done, total);
        }
        return std::move(compiled_);
    }

private:
    std::string symbol(int kernel) const { return prefix_ + "k" + std::to_string(kernel); }
    fs::path file(int kernel, const char *ending) const {
        return folder_ / (symbol(kernel) + ending);
    }

    void report(int done, int total) const {
        if (options_.progress) options_.progress(done, total);
    }

    void start(int kernel) {
        const Attempts &attempts = attempts_[kernel];
        if (attempts.at == attempts.schedules.size()) {
            throw CompileError("no schedule compiles " + to_string(kernels_[kernel]) +
                               " for board " + board_.name + ": " + attempts.last_failure);
        }
        processes_.start(
            kernel, {kernels_[kernel], attempts.schedules[attempts.at].schedule, symbol(kernel),
                     file(kernel, ".o"), options_.assembly ? file(kernel, ".s") : fs::path()});
    }

    // A full disk is not the schedule's fault: throws CompileError where that is what is wrong.
    void require_room() const {
        const fs::path probe = folder_ / "probe";
        write_file(probe, std::string(1 << 20, '\0'));
        fs::remove(probe);
    }

    void finish(int kernel, const CompileAnswer &answer) {
        throw_if_interrupted();  // which ends the children too
        Attempts &attempts = attempts_[kernel];
        const RankedSchedule &tried = attempts.schedules[attempts.at];
        if (answer.outcome == CompileAnswer::Outcome::compiled) {
            compiled_[kernel] = {file(kernel, ".o"), tried, answer.scratch_bytes,
                                 options_.assembly ? file(kernel, ".s") : fs::path()};
            return;
        }
        attempts.last_failure = to_string(tried.schedule) + ": " + answer.message;
        require_room();
        if (options_.warn)
            options_.warn("schedule dropped for " + to_string(kernels_[kernel]) + ": " +
                          attempts.last_failure);
        attempts.at++;
        start(kernel);
    }

    const std::vector<Kernel> &kernels_;
    const Board &board_;
    const Records &records_;
    std::string prefix_;
    fs::path folder_;
    const KernelCompileOptions &options_;
    CompileProcesses processes_;
    std::vector<Attempts> attempts_;
    std::vector<CompiledKernel> compiled_;
};

}  // namespace

std::vector<CompiledKernel> compile_kernels(const std::vector<Kernel> &kernels, const Board &board,
                                            const Records &records,
                                            const std::string &symbol_prefix,
                                            const fs::path &folder,
                                            const KernelCompileOptions &options) {
    return Compilation(kernels, board, records, symbol_prefix, folder, options).run();
}

}  // namespace convoy
