#include "compiler/tune/kernel_search.h"

#include <algorithm>
#include <cmath>
#include <ctime>

#include "schedules/search/features.h"
#include "targets/roofline.h"

namespace convoy {

namespace {

constexpr double worth_it = 0.01;        // a gain that counts
constexpr double clearly_better = 0.98;  // what a schedule must reach to replace the default
constexpr size_t finalist_count = 4;
constexpr double failed_ratio = 3;  // what a failure teaches: so many times slower than predicted

}  // namespace

KernelSearch::KernelSearch(const UsedKernel &used, const Board &board, const TuneOptions &options)
    : board_(board),
      rules_(options.rules),
      most_measurements_(options.measurements_per_kernel),
      batch_(options.batch),
      is_exhaustive_(options.is_exhaustive),
      search_(used.kernel, board, search_space(used.kernel, board, options.rules), options.seed) {
    result_.kernel = used.kernel;
    result_.steps = used.steps;
    result_.space = search_.size();
    result_.roofline_us = roofline_us(board, macs(used.kernel), compulsory_bytes(used.kernel));
    // What a compilation takes without a record.
    const RankedSchedule ranked =
        rank_schedules(used.kernel, board, Records{}, 1, options.rules).front();
    result_.default_schedule = ranked.schedule;
    predicted_us_ = ranked.cycles / (1e3 * board.clock_ghz);
}

bool KernelSearch::is_over() const {
    if (lacks_record_ && remembered_best_) return false;
    if (!has_left_ || result_.measurements >= most_measurements_) return true;
    return !is_exhaustive_ &&
           (batches_without_gain_ >= 3 ||
            (batches_without_gain_ >= 2 && search_.expected_gain() < 2 * worth_it));
}

double KernelSearch::promise() const {
    const double us = result_.best_us > 0 ? result_.best_us : predicted_us_;
    const double share =
        result_.measurements == 0
            ? 1
            : std::clamp(search_.expected_gain(), 0.01, 0.5) / (1 + batches_without_gain_);
    return us * share * (double)result_.steps.size();
}

std::vector<Schedule> KernelSearch::next(const std::vector<Search::KnownRow> &known) {
    best_before_batch_ = result_.best_us;
    std::vector<Schedule> list;
    if (!has_tried_default_) list.push_back(result_.default_schedule);
    if (remembered_best_ && remembered_best_ != result_.default_schedule)
        list.push_back(*remembered_best_);
    const int most = std::min(batch_, most_measurements_ - result_.measurements);
    for (Schedule &schedule : search_.next((size_t)batch_, known)) {
        if ((int)list.size() < most && schedule != result_.default_schedule &&
            !std::ranges::count(list, schedule))
            list.push_back(std::move(schedule));
    }
    has_left_ = !list.empty();
    return list;
}

void KernelSearch::report(const Schedule &schedule, const TrialResult &result, double seconds) {
    result_.measurements++;
    has_tried_default_ = has_tried_default_ || schedule == result_.default_schedule;
    if (remembered_best_ == schedule) remembered_best_.reset();
    if (result.outcome != Outcome::measured) {
        result_.failures++;
        search_.report(schedule, {});
        return;
    }
    search_.report(schedule, cycles(result.us));
    measured_.emplace_back(result.us, schedule);
    if (schedule == result_.default_schedule) result_.default_us = result.us;
    if (result_.best_us > 0 && result.us >= result_.best_us) return;
    result_.best_us = result.us;
    result_.best = schedule;
    result_.history.push_back({seconds, result.us});
}

void KernelSearch::report_batch_end() {
    const bool gained =
        result_.best_us > 0 &&
        (best_before_batch_ == 0 || result_.best_us < best_before_batch_ * (1 - worth_it));
    batches_without_gain_ = gained ? 0 : batches_without_gain_ + 1;
    result_.is_finished = is_over();
}

std::vector<Schedule> KernelSearch::finalists() const {
    auto order = measured_;
    std::stable_sort(order.begin(), order.end(),
                     [](const auto &a, const auto &b) { return a.first < b.first; });
    std::vector<Schedule> list;
    for (const auto &[us, schedule] : order) {
        if (list.size() < finalist_count && schedule != result_.default_schedule)
            list.push_back(schedule);
    }
    if (result_.default_us > 0) list.push_back(result_.default_schedule);
    return list;
}

std::vector<std::optional<double>> KernelSearch::times_us(
    const std::vector<Schedule> &schedules) const {
    std::vector<std::optional<double>> times(schedules.size());
    for (size_t i = 0; i < schedules.size(); i++) {
        for (const auto &[us, schedule] : measured_) {
            if (schedule == schedules[i]) times[i] = us;
        }
    }
    return times;
}

void KernelSearch::decide(const std::vector<Schedule> &schedules,
                          const std::vector<std::optional<double>> &times_us) {
    double best_us = 0, default_us = 0;
    Schedule best;
    for (size_t i = 0; i < schedules.size(); i++) {
        if (!times_us[i]) continue;
        if (schedules[i] == result_.default_schedule) default_us = *times_us[i];
        if (best_us > 0 && *times_us[i] >= best_us) continue;
        best_us = *times_us[i];
        best = schedules[i];
    }
    if (best_us == 0) {  // none could be timed: the default is no worse than what compiling takes
        if (result_.default_us > 0) {
            result_.best = result_.default_schedule;
            result_.best_us = result_.default_us;
        }
        return;
    }
    // None is recorded that may be slower than what a compilation takes anyway.
    if (default_us > 0 && best_us > clearly_better * default_us) {
        best_us = default_us;
        best = result_.default_schedule;
    }
    result_.best = best;
    result_.best_us = best_us;
    if (default_us > 0) result_.default_us = default_us;
}

void KernelSearch::remember(const Measurement &measurement) {
    if (remembered_++ % batch_ == 0) best_before_batch_ = result_.best_us;
    result_.measurements++;
    if (measurement.outcome == Outcome::measured) {
        search_.report(measurement.schedule, cycles(measurement.time_us));
        if (result_.best_us == 0 || measurement.time_us < result_.best_us) {
            result_.best_us = measurement.time_us;
            remembered_best_ = measurement.schedule;
        }
    } else {
        result_.failures++;
        search_.report(measurement.schedule, {});
    }
    if (remembered_ % batch_ == 0) report_batch_end();
}

Measurement KernelSearch::measurement(const Schedule &schedule, const TrialResult &result) {
    Measurement m;
    m.kernel = to_string(result_.kernel);
    m.board = board_.name;
    m.schedule = schedule;
    const Template &t = template_of(schedule, board_);
    m.template_version = t.version;
    m.outcome = result.outcome;
    m.detail = result.detail;
    m.time_us = result.us;
    const double predicted = predicted_cycles(t, result_.kernel, schedule, board_, rules_);
    m.predicted_us = predicted / (1e3 * board_.clock_ghz);
    m.features = features_of(result_.kernel, schedule, board_, predicted);
    m.at = (int64_t)std::time(nullptr);
    return m;
}

std::optional<Search::KnownRow> known_row(const Measurement &m) {
    if (m.features.empty() || m.predicted_us <= 0) return {};
    const double ratio = m.outcome == Outcome::measured ? m.time_us / m.predicted_us : failed_ratio;
    return Search::KnownRow{m.features, std::log(ratio)};
}

TunedKernel KernelSearch::take_result() {
    return std::move(result_);
}

}  // namespace convoy
