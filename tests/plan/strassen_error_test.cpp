#include "compiler/plan/strassen_error.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace convoy {
namespace {

TEST(StrassenError, StaysSmall) {
    for (const char *text : {"ic512ih14oc256kh1", "g2ic64ih14oc66kh1", "ic17ih7oc33kh1"}) {
        const ConvProblem problem = parse_conv_problem(text);
        std::mt19937 random(3);
        std::normal_distribution<float> normal;
        std::vector<float> weights(problem.weight_count());
        for (float &w : weights) w = normal(random);
        for (const int levels : {1, 2}) {
            const double error = strassen_error(problem, levels, weights.data()).of_largest();
            EXPECT_GT(error, 1e-8) << text << " " << levels;
            EXPECT_LT(error, 4e-6) << text << " " << levels;
        }
    }
}

TEST(StrassenError, NoneWhereAllOutputsAreZero) {
    const ConvProblem problem = parse_conv_problem("ic16ih14oc16kh1");
    const std::vector<float> weights(problem.weight_count(), 0.0f);
    EXPECT_EQ(strassen_error(problem, 2, weights.data()).of_largest(), 0);
}

}  // namespace
}  // namespace convoy
