// The search of a kernel as the tuner drives it, on made-up times.

#include "compiler/tune/kernel_search.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "tests/tune/made_up_times.h"

namespace convoy {
namespace {

class KernelSearchTest : public testing::Test {
protected:
    const Board board_ = load_board("avx2");
    const UsedKernel used_ = {small_kernel(board_), {"a/conv1", "a/conv2"}, {}};
    TuneOptions options_;

    KernelSearch search() const { return {used_, board_, options_}; }
    TrialResult made_up(const Schedule &schedule) const {
        const double cycles = template_of(schedule, board_).cycles(used_.kernel, schedule, board_);
        return {Outcome::measured, "", made_up_cycles({schedule, cycles}) / board_.clock_ghz / 1e3};
    }
    // A batch, reported; what was in it.
    template<typename Result>
    std::vector<Schedule> advance(KernelSearch &search, const Result &result) const {
        const std::vector<Schedule> batch = search.next({});
        for (const Schedule &schedule : batch) search.report(schedule, result(schedule), 1.5);
        search.report_batch_end();
        return batch;
    }
    std::vector<Schedule> advance(KernelSearch &search) const {
        return advance(search, [this](const Schedule &s) { return made_up(s); });
    }
};

TEST_F(KernelSearchTest, BeginsWithTheDefault) {
    KernelSearch search = this->search();
    const Schedule by_default = rank_schedules(used_.kernel, board_, Records{}, 1)[0].schedule;
    EXPECT_EQ(search.result().default_schedule, by_default);
    EXPECT_FALSE(search.is_over());
    // What is not measured yet goes by the prediction, which the roofline is below.
    EXPECT_DOUBLE_EQ(search.promise(), 2 * search.predicted_us());
    const std::vector<Schedule> batch = advance(search);
    ASSERT_EQ(batch.size(), (size_t)options_.batch);
    EXPECT_EQ(batch[0], by_default);
    EXPECT_EQ(search.result().default_us, made_up(by_default).us);
    EXPECT_LE(search.result().best_us, search.result().default_us);
    EXPECT_EQ(search.result().steps, used_.steps);
    EXPECT_GT(search.result().roofline_us, 0);
}

TEST_F(KernelSearchTest, ARecordIsMeasuredBesideTheDefaultAndNotTwice) {
    const Schedule last = search_space(used_.kernel, board_, {}).back().schedule;
    KernelSearch first = this->search();
    const std::vector<Schedule> usual = first.next({});
    for (const Schedule &known : {usual.back(), last}) {
        KernelSearch search = this->search();
        search.try_first(known);
        std::vector<Schedule> batch = advance(search);
        ASSERT_EQ(batch.size(), (size_t)options_.batch);
        EXPECT_EQ(batch[1], known);
        for (int round = 0; round < 3 && !search.is_over(); round++) {
            const std::vector<Schedule> more = advance(search);
            batch.insert(batch.end(), more.begin(), more.end());
        }
        EXPECT_EQ(std::ranges::count(batch, known), 1);
    }
}

TEST_F(KernelSearchTest, StopsAndNeverRepeats) {
    KernelSearch search = this->search();
    std::set<std::string> seen;
    while (!search.is_over()) {
        for (const Schedule &schedule : advance(search))
            EXPECT_TRUE(seen.insert(to_string(schedule)).second) << to_string(schedule);
        ASSERT_LE(seen.size(), 400u);
    }
    const TunedKernel &result = search.result();
    EXPECT_TRUE(result.is_finished);
    EXPECT_EQ(result.measurements, (int)seen.size());
    EXPECT_LE(result.measurements, options_.measurements_per_kernel);
    EXPECT_LT(result.best_us, 0.9 * result.default_us);
    ASSERT_FALSE(result.history.empty());
    for (size_t i = 1; i < result.history.size(); i++)
        EXPECT_LT(result.history[i].best_us, result.history[i - 1].best_us);
    EXPECT_EQ(result.history.back().best_us, result.best_us);
}

TEST_F(KernelSearchTest, KeepsToTheMeasurements) {
    options_.measurements_per_kernel = 10;
    KernelSearch search = this->search();
    while (!search.is_over()) advance(search);
    EXPECT_EQ(search.result().measurements, 10);
}

TEST_F(KernelSearchTest, ExhaustiveMeasuresEverything) {
    options_.is_exhaustive = true;
    options_.measurements_per_kernel = 1000000;
    options_.batch = 50;
    KernelSearch search = this->search();
    std::set<std::string> seen;
    while (!search.is_over()) {
        for (const Schedule &schedule : advance(search)) seen.insert(to_string(schedule));
    }
    EXPECT_EQ(seen.size(), search.result().space);
}

TEST_F(KernelSearchTest, GivesUpWhereEverythingFails) {
    KernelSearch search = this->search();
    std::set<std::string> seen;
    while (!search.is_over()) {
        for (const Schedule &schedule : advance(search, [](const Schedule &) {
                 return TrialResult{Outcome::crashed, "signal 11"};
             }))
            EXPECT_TRUE(seen.insert(to_string(schedule)).second) << to_string(schedule);
        ASSERT_LE(seen.size(), 40u);
    }
    EXPECT_EQ(search.result().best_us, 0);
    EXPECT_EQ(search.result().failures, search.result().measurements);
    EXPECT_TRUE(search.finalists().empty());
}

TEST_F(KernelSearchTest, TheDefaultStaysUnlessItIsClearlyBeaten) {
    KernelSearch search = this->search();
    advance(search);
    const Schedule by_default = search.result().default_schedule;
    const std::vector<Schedule> finalists = search.finalists();
    ASSERT_EQ(finalists.size(), 5u);
    EXPECT_EQ(finalists.back(), by_default);
    search.decide(finalists, {9.95, {}, 11, 12, 10});
    EXPECT_EQ(search.result().best, by_default);
    EXPECT_EQ(search.result().best_us, 10);
    EXPECT_EQ(search.result().default_us, 10);
    search.decide(finalists, {9.5, {}, 11, 12, 10});
    EXPECT_EQ(search.result().best, finalists[0]);
    EXPECT_EQ(search.result().best_us, 9.5);
    // None of them ran: nothing shows that another is better.
    search.decide(finalists, {{}, {}, {}, {}, {}});
    EXPECT_EQ(search.result().best, by_default);
    EXPECT_EQ(search.result().best_us, 10);
}

TEST_F(KernelSearchTest, DecidesByWhatWasMeasured) {
    KernelSearch search = this->search();
    const std::vector<Schedule> batch = advance(search);
    search.decide(search.finalists(), search.times_us(search.finalists()));
    double best = INFINITY;
    for (const Schedule &schedule : batch) best = std::min(best, made_up(schedule).us);
    EXPECT_EQ(search.result().best_us, best);
    KernelSearch untouched = this->search();
    untouched.decide({}, {});
    EXPECT_EQ(untouched.result().best_us, 0);
}

class ResumedSearch : public KernelSearchTest {
protected:
    std::vector<Measurement> earlier_;

    // What the first batches of an earlier run left.
    void measure(int batches) {
        KernelSearch search = this->search();
        for (int i = 0; i < batches && !search.is_over(); i++) {
            for (const Schedule &schedule : search.next({})) {
                const TrialResult result = earlier_.size() % 5 == 4
                                               ? TrialResult{Outcome::crashed, "signal 11"}
                                               : made_up(schedule);
                earlier_.push_back(search.measurement(schedule, result));
                search.report(schedule, result, 1);
            }
            search.report_batch_end();
        }
    }
    KernelSearch resumed() const {
        KernelSearch search = this->search();
        for (const Measurement &m : earlier_) search.remember(m);
        return search;
    }
};

TEST_F(ResumedSearch, CountsWhatWasMeasured) {
    measure(2);
    KernelSearch search = resumed();
    EXPECT_EQ(search.result().measurements, 16);
    EXPECT_EQ(search.result().failures, 3);
    EXPECT_FALSE(search.is_over());
    EXPECT_TRUE(search.finalists().empty());  // nothing was measured now

    double best = INFINITY;
    Schedule best_schedule;
    std::set<std::string> known;
    for (const Measurement &m : earlier_) {
        known.insert(to_string(m.schedule));
        if (m.outcome != Outcome::measured || m.time_us >= best) continue;
        best = m.time_us;
        best_schedule = m.schedule;
    }
    EXPECT_EQ(search.result().best_us, best);
    // The default and the best are measured again: times of two runs do not compare.
    const std::vector<Schedule> batch = advance(search);
    EXPECT_EQ(batch[0], search.result().default_schedule);
    size_t again = 1;
    if (best_schedule != batch[0]) {
        EXPECT_EQ(batch[1], best_schedule);
        again = 2;
    }
    for (size_t i = again; i < batch.size(); i++)
        EXPECT_FALSE(known.contains(to_string(batch[i]))) << to_string(batch[i]);
}

TEST_F(ResumedSearch, WhatWasOverStaysOver) {
    options_.measurements_per_kernel = 16;
    measure(100);
    EXPECT_TRUE(resumed().is_over());
}

TEST_F(ResumedSearch, WhatWasOverButLeftNoRecordIsMeasuredOnceMore) {
    options_.measurements_per_kernel = 16;
    measure(100);
    KernelSearch search = resumed();
    search.measure_remembered_best();
    EXPECT_FALSE(search.is_over());
    advance(search);
    EXPECT_TRUE(search.is_over());
    EXPECT_GT(search.result().default_us, 0);
    search.decide(search.finalists(), search.times_us(search.finalists()));
    EXPECT_GT(search.result().best_us, 0);
}

TEST(KnownRow, IsTheLogarithmOfMeasuredOverPredicted) {
    Measurement m;
    EXPECT_FALSE(known_row(m));
    m.features = {{"a", 1}};
    EXPECT_FALSE(known_row(m));
    m.predicted_us = 2;
    m.time_us = 6;
    EXPECT_DOUBLE_EQ(known_row(m)->log_ratio, std::log(3));
    EXPECT_EQ(known_row(m)->features, m.features);
    m.outcome = Outcome::wrong;
    m.time_us = 0;
    EXPECT_GT(known_row(m)->log_ratio, 0.5);
}

}  // namespace
}  // namespace convoy
