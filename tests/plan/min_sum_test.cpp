#include "compiler/plan/min_sum.h"

#include <gtest/gtest.h>

#include <limits>
#include <random>

namespace convoy {
namespace {

struct Problem {
    std::vector<int> domains;
    std::vector<Factor> factors;
};

double total(const Problem &problem, const std::vector<int> &values) {
    double sum = 0;
    for (const Factor &factor : problem.factors) {
        size_t at = 0, stride = 1;
        for (int v : factor.variables) {
            at += stride * values[v];
            stride *= problem.domains[v];
        }
        sum += factor.cost[at];
    }
    return sum;
}

double least_total(const Problem &problem) {
    std::vector<int> values(problem.domains.size(), 0);
    double least = std::numeric_limits<double>::infinity();
    for (;;) {
        least = std::min(least, total(problem, values));
        size_t v = 0;
        while (v < values.size() && ++values[v] == problem.domains[v]) values[v++] = 0;
        if (v == values.size()) return least;
    }
}

int draw(std::mt19937 &random, int low, int high) {
    return std::uniform_int_distribution<int>(low, high)(random);
}

// Up to 8 variables of 1 to 4 values under factors of up to 3 of them. Costs are integers, so that
// sums are exact, and some are huge, as those of impossible choices are.
Problem random_problem(std::mt19937 &random) {
    Problem problem;
    const int count = draw(random, 1, 8);
    for (int v = 0; v < count; v++) problem.domains.push_back(draw(random, 1, 4));
    for (int f = draw(random, 0, 2 * count); f > 0; f--) {
        Factor factor;
        size_t entries = 1;
        for (int v = draw(random, 0, count - 1); v < count && factor.variables.size() < 3;
             v += draw(random, 1, 3)) {
            factor.variables.push_back(v);
            entries *= problem.domains[v];
        }
        std::shuffle(factor.variables.begin(), factor.variables.end(), random);
        for (size_t i = 0; i < entries; i++)
            factor.cost.push_back(draw(random, 0, 9) == 0 ? 1e12 : draw(random, 0, 20));
        problem.factors.push_back(std::move(factor));
    }
    return problem;
}

void expect_valid(const Problem &problem, const std::vector<int> &values) {
    ASSERT_EQ(values.size(), problem.domains.size());
    for (size_t v = 0; v < values.size(); v++) {
        EXPECT_GE(values[v], 0);
        EXPECT_LT(values[v], problem.domains[v]);
    }
}

TEST(MinSum, FindsTheLeastTotal) {
    std::mt19937 random(1);
    for (int round = 0; round < 500; round++) {
        SCOPED_TRACE(round);
        const Problem problem = random_problem(random);
        const std::vector<int> values = minimize(problem.domains, problem.factors);
        ASSERT_NO_FATAL_FAILURE(expect_valid(problem, values));
        EXPECT_EQ(total(problem, values), least_total(problem));
    }
}

TEST(MinSum, FixesVariablesWhereAFactorWouldGrowTooLarge) {
    std::mt19937 random(2);
    int optimal = 0;
    for (int round = 0; round < 500; round++) {
        SCOPED_TRACE(round);
        const Problem problem = random_problem(random);
        const std::vector<int> values = minimize(problem.domains, problem.factors, 3);
        ASSERT_NO_FATAL_FAILURE(expect_valid(problem, values));
        const double least = least_total(problem);
        EXPECT_GE(total(problem, values), least);
        optimal += total(problem, values) == least;
    }
    EXPECT_GT(optimal, 250) << "the bounds should lead to the best choice more often than not";
}

TEST(MinSum, GivesTiesToTheLowerValue) {
    EXPECT_EQ(minimize({3, 2}, {{{0}, {5, 1, 1}}, {{1, 0}, {0, 0, 0, 0, 0, 0}}}),
              (std::vector<int>{1, 0}));
    EXPECT_EQ(minimize({4}, {}), std::vector<int>{0});
    EXPECT_EQ(minimize({}, {}), std::vector<int>{});
}

// A ring of 60 variables with a chord at each: beyond brute force, but an assignment of no cost is
// hidden in it.
TEST(MinSum, SolvesLargeSparseProblems) {
    std::mt19937 random(3);
    const int count = 60, values = 5;
    std::vector<int> hidden;
    for (int v = 0; v < count; v++) hidden.push_back(draw(random, 0, values - 1));
    Problem problem{std::vector<int>(count, values), {}};
    for (int v = 0; v < count; v++) {
        for (int step : {1, 2}) {
            const int other = (v + step) % count;
            Factor factor{{v, other}, {}};
            for (int b = 0; b < values; b++) {
                for (int a = 0; a < values; a++)
                    factor.cost.push_back(
                        a == hidden[v] && b == hidden[other] ? 0 : draw(random, 1, 9));
            }
            problem.factors.push_back(std::move(factor));
        }
    }
    EXPECT_EQ(minimize(problem.domains, problem.factors), hidden);
}

}  // namespace
}  // namespace convoy
