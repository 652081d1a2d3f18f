// The random kernels, their shrinking, and the processes that they run in.

#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>

#include "tests/kernels/differential/child_process.h"
#include "tests/kernels/differential/trial.h"

namespace convoy {
namespace {

const Board board = load_board("avx2");

const ConvProblem &problem_of(const Trial &trial) {
    return std::get<Conv2dKernel>(trial.kernel).problem;
}

TEST(RandomKernels, AreCheckedExactlyWhereTheyCan) {
    int exact = 0;
    for (uint32_t i = 0; i < 200; i++) {
        Random random(5, i);
        exact += tolerance_of(random_kernel(random, board)) == 0;
    }
    EXPECT_GT(exact, 120);
    EXPECT_LT(exact, 190);
}

TEST(RandomTrials, AreLegalAndTheSameForTheSameNumbers) {
    for (uint32_t i = 0; i < 100; i++) {
        Random random(7, i), again(7, i);
        const Kernel kernel = random_kernel(random, board);
        const std::vector<Trial> trials = random_trials(kernel, random, board);
        ASSERT_FALSE(trials.empty());
        EXPECT_EQ(kernel, random_kernel(again, board));
        const std::vector<Trial> same = random_trials(kernel, again, board);
        ASSERT_EQ(same.size(), trials.size());
        for (size_t t = 0; t < trials.size(); t++) {
            EXPECT_TRUE(is_legal(trials[t], board)) << to_string(trials[t]);
            EXPECT_EQ(to_string(trials[t]), to_string(same[t]));
        }
    }
}

// A fault of five input channels and two columns of taps, found in whatever kernel has them.
TEST(Shrink, KeepsOnlyWhatTheFaultNeeds) {
    const auto fails = [](const Trial &trial) {
        return std::holds_alternative<Conv2dKernel>(trial.kernel) && problem_of(trial).ic >= 5 &&
               problem_of(trial).kw >= 2;
    };
    int shrunk = 0;
    for (uint32_t i = 0; i < 60; i++) {
        Random random(3, i);
        const Kernel kernel = random_kernel(random, board);
        for (const Trial &trial : random_trials(kernel, random, board)) {
            // Winograd's kernels stay 3 wide.
            if (!fails(trial) || trial.schedule.template_name.starts_with("winograd")) continue;
            const Trial least = shrink(trial, board, 5000, fails);
            const ConvProblem &p = problem_of(least);
            EXPECT_TRUE(is_legal(least, board));
            EXPECT_TRUE(fails(least));
            EXPECT_LE(p.ic, 16) << to_string(trial) << "\n" << to_string(least);
            EXPECT_EQ(p.kw, 2) << to_string(least);
            EXPECT_EQ(p.kh, 1) << to_string(least);
            EXPECT_EQ(p.oh, 1) << to_string(least);
            EXPECT_EQ(std::get<Conv2dKernel>(least.kernel).residual, std::nullopt);
            shrunk++;
        }
    }
    EXPECT_GT(shrunk, 10);
}

TEST(Shrink, AsksNoMoreOftenThanItMay) {
    Random random(3, 0);
    const Kernel kernel = random_kernel(random, board);
    int asked = 0;
    shrink(random_trials(kernel, random, board).front(), board, 5, [&](const Trial &) {
        asked++;
        return false;
    });
    EXPECT_LE(asked, 5);
}

std::string result_of(const std::function<std::string()> &work) {
    return ChildProcess(1, work).result();
}

TEST(ChildProcess, ReturnsTextAndTellsHowItDied) {
    EXPECT_EQ(result_of([] { return std::string("text"); }), "text");
    EXPECT_EQ(result_of([]() -> std::string { throw std::runtime_error("why"); }), "!threw why");
    EXPECT_EQ(result_of([]() -> std::string {
                  std::signal(SIGSEGV, SIG_DFL);
                  std::raise(SIGSEGV);
                  return {};
              }),
              "!died: Segmentation fault");
    EXPECT_EQ(result_of([]() -> std::string {
                  while (getpid() > 0) {
                  }
                  return {};
              }),
              ChildProcess::out_of_time);
}

}  // namespace
}  // namespace convoy
