#include "compiler/emit/kernel_compiler.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <map>

#include "compiler/emit/kernel_object.h"
#include "compiler/emit/staging.h"
#include "compiler/interrupt.h"

namespace convoy {

namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

// A kernel on its way through its schedules.
struct Job {
    int kernel = 0;
    std::vector<RankedSchedule> schedules;
    size_t at = 0;
    Clock::time_point deadline;
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
          compiled_(kernels.size()) {}

    ~Compilation() {
        for (const auto &[pid, job] : running_) kill(pid, SIGKILL);
        for (const auto &[pid, job] : running_) waitpid(pid, nullptr, 0);
    }

    std::vector<CompiledKernel> run() {
        int next = 0, done = 0;
        const int total = (int)kernels_.size();
        report(done, total);
        while (done < total) {
            while (next < total && (int)running_.size() < options_.jobs) {
                start({next, rank_schedules(kernels_[next], board_, records_,
                                            options_.schedules_per_kernel, options_.rules)});
                next++;
            }
            throw_if_interrupted();
            if (!reap()) {
                usleep(1000);
                continue;
            }
            done = total - (total - next) - (int)running_.size();
            report(done, total);
        }
        return std::move(compiled_);
    }

private:
    std::string symbol(int kernel) const { return prefix_ + "k" + std::to_string(kernel); }
    fs::path object(int kernel) const { return folder_ / (symbol(kernel) + ".o"); }
    fs::path assembly(int kernel) const {
        return options_.assembly ? folder_ / (symbol(kernel) + ".s") : fs::path();
    }
    fs::path messages(int kernel) const { return folder_ / (symbol(kernel) + ".log"); }
    // Where the child writes how many bytes of scratch memory its kernel needs.
    fs::path scratch(int kernel) const { return folder_ / (symbol(kernel) + ".scratch"); }

    void report(int done, int total) const {
        if (options_.progress) options_.progress(done, total);
    }

    void start(Job job) {
        if (job.at == job.schedules.size()) {
            throw CompileError("no schedule compiles " + to_string(kernels_[job.kernel]) +
                               " for board " + board_.name + ": " + job.last_failure);
        }
        job.deadline = Clock::now() +
                       std::chrono::microseconds((int64_t)(options_.seconds_per_schedule * 1e6));
        const pid_t pid = fork();
        if (pid < 0) throw CompileError("a compiler process could not be started");
        if (pid == 0) child(job);
        running_.emplace(pid, std::move(job));
    }

    [[noreturn]] void child(const Job &job) const {
        signal(SIGINT, SIG_DFL);
        signal(SIGTERM, SIG_DFL);
        const int log = open(messages(job.kernel).c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
        dup2(log, STDOUT_FILENO);
        dup2(log, STDERR_FILENO);
        // Halide leaves its temporary files when it is killed.
        setenv("TMPDIR", folder_.c_str(), 1);
        try {
            const Kernel &kernel = kernels_[job.kernel];
            const Schedule &schedule = job.schedules[job.at].schedule;
            const int64_t bytes =
                compile_object(template_of(schedule, board_).build(kernel, schedule), board_,
                               symbol(job.kernel), object(job.kernel), assembly(job.kernel));
            write_file(scratch(job.kernel), std::to_string(bytes));
        } catch (const std::exception &error) {
            dprintf(STDERR_FILENO, "%s\n", error.what());
            _exit(1);
        }
        _exit(0);
    }

    // Handles one finished or overdue child; false when there is none.
    bool reap() {
        int status = 0;
        const pid_t pid = waitpid(-1, &status, WNOHANG);
        const auto ended = running_.find(pid);
        if (pid > 0 && ended != running_.end()) {
            Job job = std::move(ended->second);
            running_.erase(ended);
            finish(std::move(job), WIFEXITED(status) && WEXITSTATUS(status) == 0);
            return true;
        }
        for (auto &[overdue, job] : running_) {
            if (Clock::now() < job.deadline) continue;
            kill(overdue, SIGKILL);
            job.deadline = Clock::time_point::max();
        }
        return false;
    }

    // A full disk is not the schedule's fault: throws CompileError where that is what is wrong.
    void require_room() const {
        const fs::path probe = folder_ / "probe";
        write_file(probe, std::string(1 << 20, '\0'));
        fs::remove(probe);
    }

    // A warning is a failure too: Halide warns where a tile exceeds its extent and then computes
    // garbage.
    void finish(Job job, bool succeeded) {
        throw_if_interrupted();  // which ends the children too
        std::string line;
        std::ifstream log(messages(job.kernel));
        std::getline(log, line);
        log.close();
        fs::remove(messages(job.kernel));
        if (succeeded && line.empty()) {
            CompiledKernel compiled{object(job.kernel), job.schedules[job.at]};
            std::ifstream(scratch(job.kernel)) >> compiled.scratch_bytes;
            compiled.assembly = assembly(job.kernel);
            compiled_[job.kernel] = std::move(compiled);
            return;
        }
        if (line.empty())
            line =
                job.deadline == Clock::time_point::max() ? "took too long" : "the compiler crashed";
        const std::string failure = to_string(job.schedules[job.at].schedule) + ": " + line;
        job.last_failure = failure;
        require_room();
        if (options_.warn)
            options_.warn("schedule dropped for " + to_string(kernels_[job.kernel]) + ": " +
                          failure);
        job.at++;
        start(std::move(job));
    }

    const std::vector<Kernel> &kernels_;
    const Board &board_;
    const Records &records_;
    std::string prefix_;
    fs::path folder_;
    const KernelCompileOptions &options_;
    std::vector<CompiledKernel> compiled_;
    std::map<pid_t, Job> running_;
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
