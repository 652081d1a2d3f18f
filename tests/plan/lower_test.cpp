#include "compiler/plan/lower.h"

#include <gtest/gtest.h>

#include "tests/compiler/graph_maker.h"
#include "tests/plan/networks.h"
#include "tests/plan/plan_checks.h"

namespace convoy {
namespace {

class Lower : public testing::TestWithParam<NetworkOnBoard> {};

TEST_P(Lower, GivesValidSteps) {
    const auto &[graph, layouts, plan] = planned(GetParam());
    check_steps(graph, plan);
}

INSTANTIATE_TEST_SUITE_P(Networks, Lower, testing::ValuesIn(networks_on_boards()), test_name);

Plan plan_of(const Graph &graph) {
    Plan plan = plan_graph(graph, "avx2").plan;
    check_steps(graph, plan);
    check_memory(plan);
    return plan;
}

TEST(LowerGraph, SharesKernelsOfEqualLayers) {
    GraphMaker make;
    ValueId value = make.input({1, 16, 14, 14});
    for (int layer = 0; layer < 6; layer++) value = make.conv(value, 16, 3, 1);
    const Plan plan = plan_of(make.finish({value}));
    EXPECT_GE(plan.steps.size(), 6u);
    EXPECT_LE(plan.kernels.size(), plan.steps.size() - 3) << "the inner layers are equal";
}

TEST(LowerGraph, CopiesAnInputThatIsAnOutput) {
    GraphMaker make;
    const ValueId input = make.input({1, 4, 3, 3});
    const Plan plan = plan_of(make.finish({input, make.activate(input)}));
    EXPECT_EQ(plan.steps.size(), 2u);
}

TEST(LowerGraph, WritesAValueToBothOfItsOutputs) {
    GraphMaker make;
    const ValueId value = make.activate(make.input({2, 4, 3, 3}));
    const Plan plan = plan_of(make.finish({value, value}));
    EXPECT_EQ(plan.steps.size(), 2u);
}

TEST(LowerGraph, KeepsHalosOutOfWhatIsReadFlat) {
    GraphMaker make;
    const ValueId conv = make.conv(make.input({2, 5, 6, 7}), 7, 3, 1);
    plan_of(make.finish({make.conv(conv, 3, 5, 2), make.fully_connected(conv, 2, 10),
                         make.reshape(conv, {7, 2, 6, 7})}));
}

// A gate of one value a channel, and slopes that are a constant, are read in the planes' layout.
TEST(LowerGraph, GatesAndLiteralsNeedNoReorder) {
    GraphMaker make;
    const ValueId x = make.conv(make.input({1, 32, 14, 14}), 32, 3, 1);
    PoolProblem p{.kind = PoolProblem::Kind::average, .c = 32, .ih = 14, .iw = 14};
    p.kh = p.kw = 14;
    const ValueId gate = make.conv(make.append(Pool2d{p}, {x}, {1, 32, 1, 1}), 32, 1);
    const ValueId gated = make.append(Binary{Combine::mul, {}}, {gate, x}, {1, 32, 14, 14});
    const auto data = std::make_shared<const std::vector<float>>(32, 0.5f);
    const ValueId slopes = make.append(Literal{data}, {}, {1, 32, 1, 1});
    const ValueId sloped =
        make.append(Binary{Combine::prelu, {}}, {gated, slopes}, {1, 32, 14, 14});
    const Plan plan = plan_of(make.finish({make.conv(sloped, 32, 3, 1)}));
    int reorders = 0;
    for (const PlanStep &step : plan.steps)
        reorders += std::holds_alternative<ReorderKernel>(step.kernel);
    EXPECT_LE(reorders, 2) << "more than those at the border";
    EXPECT_EQ(plan.steps.size(), 6u + reorders);
}

TEST(LowerGraph, ConcatenatesOddNumbersOfChannels) {
    for (int axis : {0, 1, 2, 3}) {
        SCOPED_TRACE(axis);
        GraphMaker make;
        std::vector<int64_t> dims = {2, 3, 4, 5}, other = dims, sum = dims;
        other[axis] = 7;
        sum[axis] += 7;
        const ValueId a = make.activate(make.input(dims)),
                      b = make.conv(make.input(other), other[1], 3, 1);
        plan_of(make.finish({make.append(Concat{axis}, {a, b}, sum)}));
    }
}

}  // namespace
}  // namespace convoy
