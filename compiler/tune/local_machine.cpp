#include "compiler/tune/local_machine.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <sstream>

#include "targets/cpu_model.h"

namespace convoy {

namespace {

namespace fs = std::filesystem;

std::string content(const fs::path &file) {
    std::ifstream stream(file);
    std::stringstream text;
    text << stream.rdbuf();
    return text.str();
}

}  // namespace

LocalMachine::LocalMachine(fs::path folder, int64_t memory_bytes)
    : folder_(std::move(folder)), memory_bytes_(memory_bytes) {
    fs::create_directories(folder_);
    cpu_ = cpu_model();
}

void LocalMachine::receive(const std::vector<fs::path> &files) {
    for (const fs::path &file : files) {
        const fs::path here = folder_ / file.filename();
        fs::remove(here);
        fs::create_hard_link(file, here);
    }
}

void LocalMachine::remove(const std::vector<std::string> &names) {
    std::error_code ignored;
    for (const std::string &name : names) fs::remove(folder_ / name, ignored);
}

ProgramRun LocalMachine::run(const std::string &program, const std::vector<std::string> &arguments,
                             double limit_seconds) {
    using Clock = std::chrono::steady_clock;
    const fs::path out = folder_ / "out.txt", file = folder_ / program;
    std::vector<char *> words = {const_cast<char *>(file.c_str())};
    for (const std::string &word : arguments) words.push_back(const_cast<char *>(word.c_str()));
    words.push_back(nullptr);
    const pid_t pid = fork();
    if (pid < 0) throw MachineGone("this machine: a process could not be started");
    if (pid == 0) {
        signal(SIGINT, SIG_IGN);           // the tuner ends it,
        prctl(PR_SET_PDEATHSIG, SIGKILL);  // also when it is killed
        const int output = open(out.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
        dup2(output, STDOUT_FILENO);
        dup2(output, STDERR_FILENO);
        const rlimit memory = {(rlim_t)memory_bytes_, (rlim_t)memory_bytes_}, none = {0, 0};
        if (memory_bytes_ > 0) setrlimit(RLIMIT_AS, &memory);
        setrlimit(RLIMIT_CORE, &none);
        if (chdir(folder_.c_str()) == 0) execv(words[0], words.data());
        _exit(127);
    }
    ProgramRun result;
    const auto deadline = Clock::now() + std::chrono::microseconds((int64_t)(limit_seconds * 1e6));
    int status = 0;
    // Asleep nearly always: what it measures should have the machine to itself.
    while (waitpid(pid, &status, WNOHANG) == 0) {
        if (!result.is_overdue && Clock::now() > deadline) {
            result.is_overdue = true;
            kill(pid, SIGKILL);
        }
        usleep(2000);
    }
    if (WIFSIGNALED(status)) result.signal = WTERMSIG(status);
    if (WIFEXITED(status)) result.exit_code = WEXITSTATUS(status);
    result.is_overdue = result.is_overdue || result.signal == SIGALRM;
    result.output = content(out);
    return result;
}

}  // namespace convoy
