#include "tests/kernels/differential/child_process.h"

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <exception>
#include <stdexcept>
#include <utility>

namespace convoy {

const char *const ChildProcess::out_of_time = "!ran out of time";

namespace {

[[noreturn]] void work_and_exit(int seconds, const std::function<std::string()> &work, int output) {
    const rlimit limit{(rlim_t)seconds, (rlim_t)seconds + 1};
    setrlimit(RLIMIT_CPU, &limit);
    std::string result;
    try {
        result = work();
    } catch (const std::exception &error) {
        result = std::string("!threw ") + error.what();
    }
    for (size_t at = 0; at < result.size();) {
        const ssize_t written = write(output, result.data() + at, result.size() - at);
        if (written < 0) _exit(1);
        at += (size_t)written;
    }
    _exit(0);
}

}  // namespace

ChildProcess::ChildProcess(int seconds, const std::function<std::string()> &work) {
    int ends[2];
    if (pipe(ends) != 0) throw std::runtime_error(std::string("pipe: ") + std::strerror(errno));
    pid_ = fork();
    if (pid_ < 0) throw std::runtime_error(std::string("fork: ") + std::strerror(errno));
    if (pid_ == 0) {
        close(ends[0]);
        work_and_exit(seconds, work, ends[1]);
    }
    close(ends[1]);
    output_ = ends[0];
}

ChildProcess::ChildProcess(ChildProcess &&other) noexcept
    : pid_(std::exchange(other.pid_, 0)), output_(std::exchange(other.output_, -1)) {}

ChildProcess::~ChildProcess() {
    if (pid_ > 0) {
        kill(pid_, SIGKILL);
        waitpid(pid_, nullptr, 0);
    }
    if (output_ >= 0) close(output_);
}

std::string ChildProcess::result() {
    std::string text;
    char part[4096];
    for (;;) {
        const ssize_t count = read(output_, part, sizeof part);
        if (count == 0) break;
        if (count < 0 && errno != EINTR)
            throw std::runtime_error(std::string("read: ") + std::strerror(errno));
        if (count > 0) text.append(part, (size_t)count);
    }
    int status = 0;
    waitpid(std::exchange(pid_, 0), &status, 0);
    if (WIFSIGNALED(status)) {
        return WTERMSIG(status) == SIGXCPU ? out_of_time
                                           : std::string("!died: ") + strsignal(WTERMSIG(status));
    }
    if (WEXITSTATUS(status) != 0) return "!ended early";
    return text;
}

}  // namespace convoy
