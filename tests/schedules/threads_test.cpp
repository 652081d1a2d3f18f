#include "schedules/threads.h"

#include <gtest/gtest.h>

#include "schedules/choose.h"
#include "tests/schedules/example_kernel.h"

namespace convoy {
namespace {

// A board of 1 GHz on which sharing a loop takes 1000 cycles.
Board round_board() {
    Board board = load_board("avx2");
    board.clock_ghz = 1;
    board.fork_join_us = 1;
    return board;
}

TEST(Threads, SmallKernelsStaySerial) {
    const Board board = round_board();
    EXPECT_EQ(most_threads(1, {}, board), 1);
    EXPECT_EQ(most_threads(2000, {}, board), 1);
    EXPECT_EQ(most_threads(2001, {}, board), 2);
    EXPECT_EQ(most_threads(7000, {}, board), 4);
    EXPECT_EQ(most_threads(1e12, {}, board), 256);
    EXPECT_EQ(most_threads(1e12, {.tasks = 5}, board), 5);
    EXPECT_EQ(most_threads(1e12, {.tasks = 1}, board), 1);
    EXPECT_EQ(cycles_on(8, 2000, {}, board), 2000);
}

TEST(Threads, EveryLoopIsSharedAnew) {
    const Board board = round_board();
    EXPECT_EQ(most_threads(7000, {.tasks = 100, .count = 3}, board), 2);
    EXPECT_EQ(cycles_on(8, 7000, {.tasks = 100, .count = 3}, board), 3500 + 3 * 1000);
}

TEST(Threads, WaitForTheOneWithMostTasks) {
    const Board board = round_board();
    EXPECT_EQ(cycles_on(4, 80000, {.tasks = 8}, board), 20000 + 1000);
    EXPECT_EQ(cycles_on(4, 80000, {.tasks = 5}, board), 32000 + 1000);
    EXPECT_EQ(cycles_on(4, 80000, {.tasks = 2}, board), 40000 + 1000);
    EXPECT_EQ(cycles_on(4, 80000, {.tasks = 1}, board), 80000);
    EXPECT_EQ(cycles_on(4, 80000, {}, board), 20000 + 1000);
    EXPECT_EQ(cycles_on(1, 80000, {.tasks = 5}, board), 80000);
}

TEST(Threads, WhatWasMeasuredOnSeveralTellsOfOne) {
    const Board board = round_board();
    for (const double tasks : {0, 1, 2, 5, 8}) {
        const ParallelLoops loops{.tasks = tasks, .count = 2};
        for (const int threads : {1, 2, 4}) {
            const double measured = cycles_on(threads, 80000, loops, board);
            EXPECT_NEAR(cycles_of_one(threads, measured, loops, board), 80000, 1e-6);
        }
    }
    EXPECT_GT(cycles_of_one(4, 500, {}, board), 0);
}

TEST(Threads, AreNoneOfAGpu) {
    EXPECT_EQ(most_threads(1e12, {}, load_board("opencl")), 1);
    EXPECT_EQ(cycles_on(8, 1e12, {}, load_board("opencl")), 1e12);
}

// Of a kernel whose output channels make fewer tasks than there are threads, rows are the tasks.
TEST(Threads, AreWhatSchedulesAreChosenFor) {
    Board board = load_board("avx2");
    board.fork_join_us = 0.1;
    const Kernel kernel = example_kernel(board);
    const auto best = [&](int threads) {
        return rank_schedules(kernel, board, {}, 1, {.winograd = false, .threads = threads})
            .front();
    };
    const auto tasks = [&](const RankedSchedule &ranked) {
        const Template &t = template_of(ranked.schedule, board);
        return parallel_loops(t, kernel, ranked.schedule, board).tasks;
    };
    const RankedSchedule one = best(1), many = best(7);
    EXPECT_LT(many.cycles, one.cycles);
    EXPECT_GE(tasks(many), 7);
    EXPECT_LE(std::ceil(tasks(many) / 7) * 7 / tasks(many),
              std::ceil(tasks(one) / 7) * 7 / tasks(one));
    EXPECT_GT(one.most_threads, 1);
}

TEST(Threads, OfARecordAreKept) {
    Board board = load_board("avx2");
    const Kernel kernel = example_kernel(board);
    const auto ranked_with = [&](int measured_on, int threads) {
        Record record;
        record.schedule = rank_schedules(kernel, board, {}, 1, {.threads = 8}).front().schedule;
        record.template_version = template_of(record.schedule, board).version;
        record.threads = measured_on;
        record.time_us = 20;
        Records records;
        records.add(to_string(kernel), record);
        return rank_schedules(kernel, board, records, 1, {.threads = threads}).front();
    };
    const double measured = 20e-6 * board.clock_ghz * 1e9;
    EXPECT_DOUBLE_EQ(ranked_with(1, 1).cycles, measured);
    EXPECT_DOUBLE_EQ(ranked_with(4, 4).cycles, measured);
    EXPECT_LT(ranked_with(1, 2).cycles, measured);
    EXPECT_EQ(ranked_with(1, 2).most_threads, ranked_with(1, 1).most_threads);
    EXPECT_GT(ranked_with(4, 4).most_threads, ranked_with(1, 1).most_threads);
}

}  // namespace
}  // namespace convoy
