#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "compiler/analyze/used_kernels.h"
#include "compiler/tune/machine.h"
#include "compiler/tune/trials.h"
#include "schedules/record_store.h"

namespace convoy {

// How far tuning is.
struct TuneProgress {
    int done = 0, total = 0;                              // kernels
    int measurements = 0;                                 // so far, of all kernels
    std::string kernel;                                   // the one that is searched
    double default_us = 0, best_us = 0, roofline_us = 0;  // of it; 0: not known yet
    double saved_share = 0;  // of the time of all kernels searched so far, their uses counted
    double seconds_left = 0;
};

struct TuneOptions {
    double seconds = 600;  // for all kernels together
    int measurements_per_kernel = 120;
    int batch = 8;        // schedules compiled, then measured, together
    ScheduleRules rules;  // their threads are the trials'
    TrialOptions trials;
    std::vector<std::filesystem::path> record_files;  // that compilations will be given, too
    bool resumes = false;  // what was measured before counts, and searches that ended early go on
    bool again = false;    // kernels that have a record are searched too
    std::vector<std::string> only;  // parts of kernels' texts: others are not searched; empty: all
    bool is_exhaustive = false;     // goes on as long as points are left
    uint32_t seed = 1;
    std::filesystem::path store;  // the database that receives measurements and records
    std::function<void(const TuneProgress &)> progress;
    std::function<void(const std::string &)> warn;
};

// A point of the curve of the best time against the time spent.
struct TunePoint {
    double seconds = 0;  // since tuning began
    double best_us = 0;
};

// What became of a kernel.
struct TunedKernel {
    Kernel kernel;
    std::vector<std::string> steps;  // of the models, that it computes
    size_t space = 0;                // legal schedules
    int measurements = 0, failures = 0;
    double default_us = 0, best_us = 0, roofline_us = 0;  // 0: not measured
    Schedule default_schedule, best;
    std::vector<TunePoint> history;
    bool is_finished = false;  // its search ended by itself
    bool had_record = false;   // and was left alone
    bool has_failed = false;   // for no schedule's reason; a warning says why
};

struct TuneResult {
    std::string board, cpu, halide;
    std::vector<TunedKernel> kernels;
    double seconds = 0;
    bool was_interrupted = false;
    std::string no_machine;  // why none is left to measure on; empty where one is
};

// Searches the schedules of all kernels that the models' libraries use, those first that they spend
// most time in, on the machines, one kernel on each at a time. Of each kernel that was searched the
// best is recorded, also when the time is over, the user interrupts or no machine is left. Models
// are planned anew with what was found, until no kernel comes up that was not searched. Throws
// MachineGone when no machine is left and nothing was measured, ToolError, RecordError,
// ImportError.
TuneResult tune(const std::vector<Analyzed> &models, const Board &board,
                const std::vector<std::unique_ptr<Machine>> &machines, const TuneOptions &options);

}  // namespace convoy
