#pragma once

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "schedules/template.h"

namespace convoy {

struct CompileJob {
    Kernel kernel;
    Schedule schedule;
    std::string symbol;
    std::filesystem::path object;
    std::filesystem::path assembly = {};  // empty where none is asked for
};

struct CompileAnswer {
    enum class Outcome { compiled, failed, too_long, crashed };
    Outcome outcome = Outcome::compiled;
    std::string message;        // one line, of what did not compile
    int64_t scratch_bytes = 0;  // what a thread that runs it allocates at most
};

struct CompileLimits {
    double seconds = 60;
    int64_t memory_bytes = 0;  // address space of the process; 0: no limit
};

// Compiles an object; returns its scratch bytes. Throws what is wrong.
using CompileFunction = std::function<int64_t(const CompileJob &, const Board &)>;

// Kernels compiled beside one another, each in a child process with limits, since some schedules
// make the compiler run for minutes, take all memory or crash. Whoever ends ends them.
class CompileProcesses {
public:
    // Temporary files go to `folder`. `compile` is called in the children.
    CompileProcesses(Board board, std::filesystem::path folder, CompileLimits limits,
                     CompileFunction compile = compile_in_process);
    ~CompileProcesses();
    CompileProcesses(const CompileProcesses &) = delete;

    int running() const { return (int)running_.size(); }
    // Throws std::runtime_error when no process can be started.
    void start(int id, CompileJob job);
    // One that has ended, by its id; waits a millisecond where none has.
    std::optional<std::pair<int, CompileAnswer>> finished();

    static int64_t compile_in_process(const CompileJob &job, const Board &board);

private:
    using Clock = std::chrono::steady_clock;
    struct Running {
        pid_t pid;
        CompileJob job;
        Clock::time_point deadline;
        bool is_overdue = false;
    };
    [[noreturn]] void child(const CompileJob &job) const;
    std::filesystem::path messages(const CompileJob &job) const;
    std::filesystem::path scratch(const CompileJob &job) const;
    CompileAnswer answer(const Running &ended, int status) const;

    const Board board_;
    const std::filesystem::path folder_;
    const CompileLimits limits_;
    const CompileFunction compile_;
    std::map<int, Running> running_;
};

}  // namespace convoy
