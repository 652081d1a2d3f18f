#include "compiler/plan/memory_plan.h"

#include <gtest/gtest.h>

#include <random>

#include "tests/plan/networks.h"
#include "tests/plan/plan_checks.h"

namespace convoy {
namespace {

class MemoryPlan : public testing::TestWithParam<NetworkOnBoard> {};

TEST_P(MemoryPlan, IsTightAndWithoutOverlap) {
    const Plan &plan = planned(GetParam()).plan;
    check_memory(plan);
    EXPECT_LE((double)plan.arena_bytes, 1.05 * (double)plan.largest_live_bytes);
}

INSTANTIATE_TEST_SUITE_P(Networks, MemoryPlan, testing::ValuesIn(networks_on_boards()), test_name);

PlanTensor row_of(int64_t floats) {
    PlanTensor tensor;
    tensor.name = std::to_string(floats);
    tensor.view = View{.w = (int)floats};
    return tensor;
}

// Each step writes a tensor of its own and reads one or two older ones, some of them much older.
Plan random_plan(std::mt19937 &random) {
    const auto draw = [&](int low, int high) {
        return std::uniform_int_distribution<int>(low, high)(random);
    };
    Plan plan;
    plan.tensors.push_back(row_of(draw(1, 3000)));
    plan.tensors.front().place = PlanTensor::Place::input;
    for (int s = draw(1, 30); s > 0; s--) {
        PlanStep step;
        const int newest = (int)plan.tensors.size() - 1;
        step.input = {draw(0, 3) == 0 ? draw(0, newest) : newest, 0};
        if (draw(0, 2) == 0) step.addend.push_back({draw(0, newest), 0});
        plan.tensors.push_back(row_of(draw(1, 3000)));
        step.output = {newest + 1, 0};
        plan.steps.push_back(std::move(step));
    }
    plan.tensors.back().place = PlanTensor::Place::output;
    return plan;
}

TEST(MemoryPlanOfRandomSteps, HasNoOverlap) {
    std::mt19937 random(1);
    for (int round = 0; round < 300; round++) {
        SCOPED_TRACE(round);
        Plan plan = random_plan(random);
        plan_memory(plan);
        check_memory(plan);
    }
}

TEST(MemoryPlanOfChain, AlternatesBetweenTwoPlaces) {
    Plan plan;
    for (int t = 0; t < 10; t++) plan.tensors.push_back(row_of(1000));
    plan.tensors.front().place = PlanTensor::Place::input;
    plan.tensors.back().place = PlanTensor::Place::output;
    for (int s = 0; s < 9; s++) {
        PlanStep step;
        step.input = {s, 0};
        step.output = {s + 1, 0};
        plan.steps.push_back(step);
    }
    plan_memory(plan);
    check_memory(plan);
    EXPECT_EQ(plan.arena_bytes, 2 * 4032);
}

TEST(MemoryPlanOfNothing, IsEmpty) {
    Plan plan;
    plan_memory(plan);
    EXPECT_EQ(plan.arena_bytes, 0);
    EXPECT_EQ(plan.largest_live_bytes, 0);
}

}  // namespace
}  // namespace convoy
