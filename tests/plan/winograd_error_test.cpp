#include "compiler/plan/winograd_error.h"

#include <gtest/gtest.h>

#include <random>

#include "generators/winograd_transform.h"

namespace convoy {
namespace {

std::vector<float> random_weights(const ConvProblem &problem) {
    std::mt19937 random(3);
    std::normal_distribution<float> normal;
    std::vector<float> weights(problem.weight_count());
    for (float &w : weights) w = normal(random);
    return weights;
}

TEST(WinogradError, GrowsWithTheTileAndStaysSmall) {
    const ConvProblem problem = parse_conv_problem("g2ic64ih14oc64kh3ph1");
    const std::vector<float> weights = random_weights(problem);
    const double two = winograd_error(problem, 2, 2, weights.data()).of_largest();
    const double four = winograd_error(problem, 4, 4, weights.data()).of_largest();
    const double five = winograd_error(problem, 5, 5, weights.data()).of_largest();
    const double six = winograd_error(problem, 6, 6, weights.data()).of_largest();
    EXPECT_GT(two, 1e-8);
    EXPECT_LT(two, four);
    EXPECT_LT(four, five);
    EXPECT_LT(five, six);
    EXPECT_LT(six, 1e-4);
}

TEST(WinogradError, OfOblongTilesIsBetweenThoseOfTheirSides) {
    const ConvProblem problem = parse_conv_problem("g2ic64ih14oc64kh3ph1");
    const std::vector<float> weights = random_weights(problem);
    const auto error = [&](int m_oh, int m) {
        return winograd_error(problem, m_oh, m, weights.data()).of_mean_squares();
    };
    for (const double oblong : {error(2, 6), error(6, 2)}) {
        EXPECT_LT(error(2, 2), oblong);
        EXPECT_LT(oblong, error(6, 6));
    }
}

TEST(WinogradError, OfRowsAloneIsSmaller) {
    for (const char *text : {"g8ic64ih14oc64kh3ph1", "g8ic64ih14oc64kh5kw3ph2pw1"}) {
        const ConvProblem problem = parse_conv_problem(text);
        const std::vector<float> weights = random_weights(problem);
        const double two = winograd_error(problem, 1, 2, weights.data()).of_largest();
        const double four = winograd_error(problem, 1, 4, weights.data()).of_largest();
        EXPECT_GT(two, 1e-8) << text;
        EXPECT_LT(two, four) << text;
        EXPECT_LT(four, 2e-6) << text;
    }
}

TEST(WinogradError, OfWiderWindowsAndStrides) {
    for (const char *text : {"g2ic64ih14oc64kh5ph2", "g2ic64ih14oc64kh7ph3",
                             "ic32ih14oc64kh7sh2ph3", "ic32ih14oc64kh5sh2ph2"}) {
        const ConvProblem problem = parse_conv_problem(text);
        const std::vector<float> weights = random_weights(problem);
        for (const int m : winograd_sizes(winograd_taps(problem.kw, problem.sw))) {
            const double error = winograd_error(problem, m, m, weights.data()).of_largest();
            EXPECT_GT(error, 1e-8) << text << " " << m;
            EXPECT_LT(error, 1e-4) << text << " " << m;
        }
    }
}

TEST(WinogradError, NoneWhereAllOutputsAreZero) {
    const ConvProblem problem = parse_conv_problem("ic16ih14oc16kh3ph1");
    const std::vector<float> weights(problem.weight_count(), 0.0f);
    EXPECT_EQ(winograd_error(problem, 4, 4, weights.data()).of_largest(), 0);
}

}  // namespace
}  // namespace convoy
