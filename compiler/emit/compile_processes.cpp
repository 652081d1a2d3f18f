#include "compiler/emit/compile_processes.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <stdexcept>

#include "compiler/emit/kernel_object.h"
#include "compiler/emit/staging.h"

namespace convoy {

namespace fs = std::filesystem;

CompileProcesses::CompileProcesses(Board board, fs::path folder, CompileLimits limits,
                                   CompileFunction compile)
    : board_(std::move(board)),
      folder_(std::move(folder)),
      limits_(limits),
      compile_(std::move(compile)) {}

CompileProcesses::~CompileProcesses() {
    for (const auto &[id, process] : running_) kill(process.pid, SIGKILL);
    for (const auto &[id, process] : running_) waitpid(process.pid, nullptr, 0);
}

int64_t CompileProcesses::compile_in_process(const CompileJob &job, const Board &board) {
    return compile_object(template_of(job.schedule, board).build(job.kernel, job.schedule, board),
                          board, job.symbol, job.object, job.assembly);
}

fs::path CompileProcesses::messages(const CompileJob &job) const {
    return folder_ / (job.symbol + ".log");
}

fs::path CompileProcesses::scratch(const CompileJob &job) const {
    return folder_ / (job.symbol + ".scratch");
}

void CompileProcesses::start(int id, CompileJob job) {
    const auto deadline =
        Clock::now() + std::chrono::microseconds((int64_t)(limits_.seconds * 1e6));
    const pid_t pid = fork();
    if (pid < 0) throw std::runtime_error("a compiler process could not be started");
    if (pid == 0) child(job);
    running_.emplace(id, Running{pid, std::move(job), deadline});
}

void CompileProcesses::child(const CompileJob &job) const {
    signal(SIGINT, SIG_DFL);
    signal(SIGTERM, SIG_DFL);
    prctl(PR_SET_PDEATHSIG, SIGKILL);  // nobody else would end one that takes too long
    const int log = open(messages(job).c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    dup2(log, STDOUT_FILENO);
    dup2(log, STDERR_FILENO);
    // Halide leaves its temporary files when it is killed.
    setenv("TMPDIR", folder_.c_str(), 1);
    if (limits_.memory_bytes > 0) {
        const auto bytes = (rlim_t)limits_.memory_bytes;
        const rlimit limit = {bytes, bytes};
        setrlimit(RLIMIT_AS, &limit);
    }
    try {
        write_file(scratch(job), std::to_string(compile_(job, board_)));
    } catch (const std::exception &error) {
        dprintf(STDERR_FILENO, "%s\n", error.what());
        _exit(1);
    }
    _exit(0);
}

std::optional<std::pair<int, CompileAnswer>> CompileProcesses::finished() {
    for (auto &[id, process] : running_) {
        int status = 0;
        if (waitpid(process.pid, &status, WNOHANG) == process.pid) {
            std::pair<int, CompileAnswer> ended(id, answer(process, status));
            running_.erase(ended.first);
            return ended;
        }
        if (!process.is_overdue && Clock::now() >= process.deadline) {
            process.is_overdue = true;
            kill(process.pid, SIGKILL);
        }
    }
    usleep(1000);
    return {};
}

// A warning is a failure too: Halide warns where a tile exceeds its extent and then computes
// garbage.
CompileAnswer CompileProcesses::answer(const Running &ended, int status) const {
    CompileAnswer answer;
    std::ifstream log(messages(ended.job));
    std::getline(log, answer.message);
    log.close();
    std::ifstream(scratch(ended.job)) >> answer.scratch_bytes;
    std::error_code ignored;
    fs::remove(messages(ended.job), ignored);
    fs::remove(scratch(ended.job), ignored);
    using Outcome = CompileAnswer::Outcome;
    if (ended.is_overdue) {
        answer.outcome = Outcome::too_long;
        answer.message = "took too long";
    } else if (!WIFEXITED(status)) {
        answer.outcome = Outcome::crashed;
        answer.message = "the compiler crashed";
    } else if (WEXITSTATUS(status) != 0 || !answer.message.empty()) {
        answer.outcome = Outcome::failed;
        if (answer.message.empty()) answer.message = "the compiler gave up without a word";
    }
    return answer;
}

}  // namespace convoy
