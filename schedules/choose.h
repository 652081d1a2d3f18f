#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "schedules/records.h"
#include "schedules/template.h"

namespace convoy {

// What schedules are chosen for, and which may be.
struct ScheduleRules {
    bool winograd = true;  // templates that are not exact
    // What these may err together at a network's outputs, relative to their root mean square, as
    // estimated: a third of what `convoy verify` lets pass, for estimates are that far off.
    double max_error = 3.6e-5;
    // The largest tiles of Winograd's and the most levels of Strassen's that a convolution may
    // have.
    struct Limit {
        ConvProblem key;
        int most = 0;
    };
    std::vector<Limit> limits = {};
    int threads = 1;  // that kernels run on; 1 on a GPU

    const Limit *limit_of(const ConvProblem &problem) const;
};

// Whether there are schedules of a kernel to choose among by measuring: those of convolutions.
bool is_tunable(const Kernel &kernel);

bool is_allowed(const Template &t, const Kernel &kernel, const Schedule &schedule,
                const ScheduleRules &rules);

// What a limit knows a convolution by, in whatever form a plan has its images and planes.
ConvProblem limit_key(ConvProblem problem);

struct RankedSchedule {
    Schedule schedule;
    double cycles = 0;                          // on the rules' threads: predicted, or by a record
    std::shared_ptr<const Record> record = {};  // which one it comes from; null: the model
    int most_threads = 1;                       // from which the kernel gains

    bool from_record() const { return record != nullptr; }
    // The record is the kernel's own, not a similar one's.
    bool is_of(const Kernel &kernel) const;
};

// Whether a template of the board, as it is now, has such a schedule for the kernel: one with its
// parameters, and legal.
bool is_legal(const Kernel &kernel, const Schedule &schedule, const Board &board);

// Predicted time of one call on the rules' threads.
double predicted_cycles(const Template &t, const Kernel &kernel, const Schedule &schedule,
                        const Board &board, const ScheduleRules &rules);

// The schedules to try for a kernel, best first: the record's, if there is one of it or of a
// similar kernel, then the analytical model's order, `limit` of them at most, and the reference
// schedule last. Empty when no template accepts the kernel's layouts.
std::vector<RankedSchedule> rank_schedules(const Kernel &kernel, const Board &board,
                                           const Records &records, size_t limit,
                                           const ScheduleRules &rules = {});

// Cycles of the best schedule: measured, or predicted and then held against what was measured of
// other kernels. Empty when no template accepts the kernel.
std::optional<double> best_cycles(const Kernel &kernel, const Board &board, const Records &records,
                                  const ScheduleRules &rules = {});

}  // namespace convoy
