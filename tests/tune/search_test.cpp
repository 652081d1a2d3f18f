// The search on made-up times: nothing is compiled or measured.

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "schedules/search/features.h"
#include "tests/tune/made_up_times.h"

namespace convoy {
namespace {

class SearchTest : public testing::Test {
protected:
    const Board board_ = load_board("avx2");
    const Kernel kernel_ = small_kernel(board_);
    const std::vector<Point> space_ = search_space(kernel_, board_, {});

    Search search(uint32_t seed = 1) const { return Search(kernel_, board_, space_, seed); }
    const Point &point_of(const Schedule &schedule) const {
        return *std::find_if(space_.begin(), space_.end(),
                             [&](const Point &point) { return point.schedule == schedule; });
    }
    double cycles(const Schedule &schedule) const { return made_up_cycles(point_of(schedule)); }
    double best_of_all() const {
        double best = INFINITY;
        for (const Point &point : space_) best = std::min(best, made_up_cycles(point));
        return best;
    }
};

TEST_F(SearchTest, StartsWithTheBestOfEachTemplate) {
    std::map<std::string, const Point *> best;
    for (const Point &point : space_) {
        const Point *&known = best[point.schedule.template_name];
        if (!known || point.cycles < known->cycles) known = &point;
    }
    ASSERT_GE(best.size(), 1u);
    const std::vector<Schedule> first = search().next(8);
    ASSERT_EQ(first.size(), 8u);
    const auto &fastest =
        std::min_element(space_.begin(), space_.end(),
                         [](const Point &a, const Point &b) { return a.cycles < b.cycles; });
    EXPECT_EQ(first[0], fastest->schedule);
    for (const auto &[name, point] : best) {
        const bool is_hopeless = point->cycles > 2 * fastest->cycles;
        EXPECT_NE(std::find(first.begin(), first.end(), point->schedule) != first.end(),
                  is_hopeless)
            << name;
    }
}

TEST_F(SearchTest, GivesEveryPointOnceAndEnds) {
    for (const size_t batch : {1u, 5u, 64u}) {
        std::vector<Point> some(space_.begin(), space_.begin() + 60);
        Search search(kernel_, board_, some, 3);
        std::set<std::string> seen;
        for (;;) {
            const std::vector<Schedule> list = search.next(batch);
            EXPECT_LE(list.size(), batch);
            if (list.empty()) break;
            for (const Schedule &schedule : list) {
                EXPECT_TRUE(seen.insert(to_string(schedule)).second) << to_string(schedule);
                search.report(schedule, cycles(schedule));
            }
        }
        EXPECT_EQ(seen.size(), some.size());
        EXPECT_EQ(search.tried(), some.size());
        EXPECT_EQ(search.size(), some.size());
    }
}

TEST_F(SearchTest, WhatFailsIsNotGivenAgainAndNeverTheBest) {
    Search search = this->search();
    std::set<std::string> failed;
    std::optional<Schedule> best;
    for (int batch = 0; batch < 6; batch++) {
        for (const Schedule &schedule : search.next(8)) {
            EXPECT_FALSE(failed.contains(to_string(schedule)));
            // The only one that works is slower than any prediction.
            if (batch == 3 && !best) {
                best = schedule;
                search.report(schedule, 1e12);
            } else {
                failed.insert(to_string(schedule));
                search.report(schedule, {});
            }
        }
        EXPECT_EQ(search.best() != nullptr, best.has_value());
    }
    EXPECT_EQ(search.best()->schedule, *best);
    EXPECT_EQ(search.best_cycles(), 1e12);
}

TEST_F(SearchTest, IsTheSameForASeed) {
    const auto order = [&](uint32_t seed) {
        Search search = this->search(seed);
        std::vector<std::string> list;
        for (int batch = 0; batch < 4; batch++) {
            for (const Schedule &schedule : search.next(8)) {
                list.push_back(to_string(schedule));
                search.report(schedule, cycles(schedule));
            }
        }
        return list;
    };
    EXPECT_EQ(order(1), order(1));
    EXPECT_NE(order(1), order(2));
}

TEST_F(SearchTest, OfAnEmptySpaceThereIsNothing) {
    Search search(kernel_, board_, {});
    EXPECT_TRUE(search.next(8).empty());
    EXPECT_EQ(search.best(), nullptr);
    EXPECT_EQ(search.size(), 0u);
}

TEST_F(SearchTest, AScheduleOfNoPointIsLeftAlone) {
    Search search = this->search();
    search.report({"group_lanes", {{"tile_oc", 1000}}}, 1);
    EXPECT_EQ(search.tried(), 0u);
    EXPECT_EQ(search.best(), nullptr);
}

TEST_F(SearchTest, FindsAGoodOneWithATenthOfTheMeasurements) {
    ASSERT_GT(space_.size(), 200u);
    const double best = best_of_all();
    for (uint32_t seed = 1; seed <= 5; seed++) {
        Search search = this->search(seed);
        while (search.tried() < space_.size() / 10) {
            const size_t count = std::min<size_t>(8, space_.size() / 10 - search.tried());
            for (const Schedule &schedule : search.next(count))
                search.report(schedule, cycles(schedule));
        }
        EXPECT_LE(search.tried(), space_.size() / 10);
        EXPECT_LE(search.best_cycles(), 1.05 * best) << "seed " << seed;
    }
}

TEST_F(SearchTest, RowsOfOtherKernelsHelp) {
    // Everything that is known of the rule comes from another shape.
    const Layout layout{8, 8};
    const Kernel other =
        conv_kernel(parse_conv_problem("g8ic32ih7oc64kh3ph1"), {layout, layout}, board_);
    std::vector<Search::KnownRow> known;
    for (const Point &point : search_space(other, board_, {})) {
        known.push_back({features_of(other, point.schedule, board_, point.cycles),
                         std::log(made_up_cycles(point) / point.cycles)});
    }
    const auto best_of_first = [&](const std::vector<Search::KnownRow> &rows) {
        double best = INFINITY;
        for (const Schedule &schedule : search().next(8, rows))
            best = std::min(best, cycles(schedule));
        return best;
    };
    EXPECT_LT(best_of_first(known), 1.1 * best_of_all());
    EXPECT_LT(best_of_first(known), 0.95 * best_of_first({}));
}

TEST(SearchSpace, LeavesOutWhatMayNotBeChosen) {
    const Board board = load_board("avx2");
    const Kernel kernel =
        conv_kernel(parse_conv_problem("ic16ih8oc16kh3ph1"), {Layout{8}, Layout{8}}, board);
    const auto templates = [&](const ScheduleRules &rules) {
        std::set<std::string> names;
        for (const Point &point : search_space(kernel, board, rules)) {
            EXPECT_GT(point.cycles, 0);
            names.insert(point.schedule.template_name);
        }
        return names;
    };
    EXPECT_TRUE(templates({}).contains("winograd"));
    EXPECT_FALSE(templates({.winograd = false}).contains("winograd"));
    EXPECT_FALSE(templates({}).contains("reference"));
}

}  // namespace
}  // namespace convoy
