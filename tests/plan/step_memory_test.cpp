#include "compiler/plan/step_memory.h"

#include <gtest/gtest.h>

#include "tests/compiler/graph_maker.h"
#include "tests/plan/networks.h"

namespace convoy {
namespace {

class StepMemoryOfNetworks : public testing::TestWithParam<NetworkOnBoard> {};

TEST_P(StepMemoryOfNetworks, IsThereForEachStep) {
    const Plan &plan = planned(GetParam()).plan;
    const std::vector<StepMemory> list = step_memory(plan, load_board(GetParam().board));
    ASSERT_EQ(list.size(), plan.steps.size());
    for (size_t at = 0; at < list.size(); at++) EXPECT_GT(list[at].us, 0) << plan.steps[at].name;
}

INSTANTIATE_TEST_SUITE_P(Networks, StepMemoryOfNetworks, testing::ValuesIn(networks_on_boards()),
                         test_name);

// 12.8 MB written in between push what both additions read out of a second-level cache.
TEST(StepMemory, FartherWhereMoreWasTouchedSince) {
    GraphMaker make;
    const ValueId small = make.conv(make.input({1, 16, 20, 20}), 16, 3, 1);
    const ValueId soon = make.append(Activate{Activation::relu()}, {small}, {1, 16, 20, 20});
    ValueId large = make.conv(soon, 8000, 1);
    large = make.append(Activate{Activation::relu()}, {large}, {1, 8000, 20, 20});
    const ValueId late = make.append(Activate{Activation::relu()}, {small}, {1, 16, 20, 20});
    const Graph graph = make.finish({late, large});
    const Board board = load_board("avx2");
    const Plan plan = plan_graph(graph, "avx2").plan;
    const std::vector<StepMemory> list = step_memory(plan, board);
    std::vector<double> us;
    for (size_t at = 0; at < list.size(); at++) {
        const auto *each = std::get_if<ElementwiseKernel>(&plan.steps[at].kernel);
        if (each && each->output.c == 16) us.push_back(list[at].us);
    }
    ASSERT_EQ(us.size(), 2u);
    EXPECT_GT(us[1], 1.2 * us[0]);
}

}  // namespace
}  // namespace convoy
