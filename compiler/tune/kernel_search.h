#pragma once

#include <optional>

#include "compiler/tune/trials.h"
#include "compiler/tune/tune.h"
#include "schedules/search/search.h"

namespace convoy {

// The search of one kernel's schedules: what is to be tried, what came of it, when it is over.
class KernelSearch {
public:
    KernelSearch(const UsedKernel &used, const Board &board, const TuneOptions &options);

    // Whether more schedules are worth trying.
    bool is_over() const;
    // Microseconds that a next batch might take off the models' time.
    double promise() const;
    // The same again where none of them was reported.
    std::vector<Schedule> next(const std::vector<Search::KnownRow> &known);
    void report(const Schedule &schedule, const TrialResult &result, double seconds);
    void report_batch_end();

    // The schedules that may be the best: to be compared with the default once more.
    std::vector<Schedule> finalists() const;
    // What was measured of them.
    std::vector<std::optional<double>> times_us(const std::vector<Schedule> &schedules) const;
    void decide(const std::vector<Schedule> &schedules,
                const std::vector<std::optional<double>> &times_us);

    // What was measured in an earlier run, in that order.
    void remember(const Measurement &measurement);
    // Measures again what an earlier run found, even where its search was over: it left no record.
    void measure_remembered_best() { lacks_record_ = true; }
    // Measures it beside the default: what a record says.
    void try_first(const Schedule &schedule) { remembered_best_ = schedule; }

    Measurement measurement(const Schedule &schedule, const TrialResult &result);
    // The model's prediction of the schedule that a compilation takes without a record.
    double predicted_us() const { return predicted_us_; }
    const TunedKernel &result() const { return result_; }
    TunedKernel take_result();

private:
    double cycles(double us) const { return us * 1e3 * board_.clock_ghz; }

    const Board board_;
    const ScheduleRules rules_;
    const int most_measurements_, batch_;
    const bool is_exhaustive_;
    Search search_;
    TunedKernel result_;
    std::vector<std::pair<double, Schedule>> measured_;  // microseconds
    int batches_without_gain_ = 0;
    double best_before_batch_ = 0;
    double predicted_us_ = 0;
    bool has_tried_default_ = false;
    bool has_left_ = true;  // points
    int remembered_ = 0;
    // To be measured again: times of two runs differ.
    std::optional<Schedule> remembered_best_;
    bool lacks_record_ = false;
};

// What a measurement teaches the learned cost model; nothing where it lacks what that takes.
std::optional<Search::KnownRow> known_row(const Measurement &measurement);

}  // namespace convoy
