#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <semaphore>
#include <string>
#include <vector>

#include "compiler/emit/compile_processes.h"
#include "compiler/emit/toolchain.h"
#include "compiler/tune/machine.h"
#include "schedules/record_store.h"

namespace convoy {

// What became of a schedule that was tried.
using Outcome = Measurement::Outcome;

struct TrialResult {
    Outcome outcome = Outcome::measured;
    std::string detail;  // what is wrong with it, one line
    double us = 0;       // of one call, where it was measured
};

struct TrialOptions {
    int jobs = 2;
    int threads = 1;
    std::counting_semaphore<> *job_slots = nullptr;  // that jobs of several trials share
    CompileLimits compile = {10, int64_t{6} << 30};
    double seconds = 0.06;       // that the turns of a candidate and of another take together
    double limit_seconds = 20;   // of one run of a program,
    double driver_seconds = 60;  // and more where a GPU's driver compiles
    CompileFunction compile_function = CompileProcesses::compile_in_process;
};

// Compiles schedules of one kernel, checks them against the reference schedule's output on integers
// and times them on a machine. One that crashes, hangs or is wrong costs nothing but itself: each
// is compiled in one process and run in another.
class Trials {
public:
    // The folder's name is that of files on the machine, too. Throws ToolError where no program can
    // be built for the board.
    Trials(Kernel kernel, const Board &board, Machine &machine, const Toolchain &tools,
           std::filesystem::path folder, TrialOptions options);
    // Takes its files away.
    ~Trials();
    Trials(const Trials &) = delete;
    Trials &operator=(const Trials &) = delete;

    // Each held against the first that was measured, in turns: against the best so far, whose time
    // is the luckiest, times would sink with each that takes its place. Throws MachineGone,
    // Interrupted.
    // `on_result` receives each result as soon as it is there; false: no more are wanted.
    using OnResult = std::function<bool(const Schedule &, const TrialResult &)>;
    std::vector<TrialResult> measure(const std::vector<Schedule> &schedules,
                                     const OnResult &on_result = {});
    // Times some once more, together and for longer; microseconds, or nothing where one fails now.
    std::vector<std::optional<double>> play_off(const std::vector<Schedule> &schedules,
                                                double seconds);

private:
    struct Compiled {
        std::filesystem::path object;
        int64_t scratch_bytes = 0;
    };
    struct Program;

    void compile(const std::vector<Schedule> &schedules);
    Schedule reference() const;
    void check_reference() const;
    bool has_failed(const Schedule &schedule) const;
    std::vector<Schedule> compile_batch(std::vector<Schedule> schedules);
    std::unique_ptr<Program> prepare(const std::vector<Schedule> &compiled);
    std::string machine_file(const char *what) const;
    std::unique_ptr<Program> link(const std::vector<Schedule> &schedules);
    std::unique_ptr<Program> link_usable(const std::vector<Schedule> &schedules);
    TrialResult measure_one(const Program &program, const Schedule &schedule);
    TrialResult time_one(const Program &program, const Schedule &schedule);
    void expect(const Program &program);
    double limit_seconds() const;
    ProgramRun run(const Program &program, const std::vector<Schedule> &schedules, double seconds);

    const Kernel kernel_;
    const Board board_;
    Machine &machine_;
    const Toolchain &tools_;
    const std::filesystem::path folder_;
    const TrialOptions options_;
    std::vector<float> operands_;  // of the input and the addend
    std::vector<float> weights_, bias_;
    std::map<std::string, Compiled> compiled_;     // by the schedule's text
    std::map<std::string, TrialResult> failures_;  // those of them that cannot be run
    std::optional<Schedule> standard_;
    double standard_us_ = 0, best_us_ = 0;
    bool is_expected_ = false;  // the reference's output lies on the machine
};

}  // namespace convoy
