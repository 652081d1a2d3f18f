#include "compiler/plan/plan_network.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "compiler/passes/optimize.h"
#include "schedules/template.h"
#include "tests/compiler/graph_maker.h"
#include "tests/plan/networks.h"

namespace convoy {
namespace {

class PlanNetwork : public testing::Test {
protected:
    const Board board_ = load_board("avx512");

    PlannedNetwork planned(const Graph &graph, double max_error) const {
        ScheduleRules rules;
        rules.max_error = max_error;
        return plan_network(graph, board_, {}, rules);
    }

    int inexact_steps(const PlannedNetwork &network) const {
        return (int)std::ranges::count_if(network.plan.steps, [&](const PlanStep &step) {
            const Schedule schedule =
                rank_schedules(step.kernel, board_, {}, 1, network.rules).front().schedule;
            return !template_of(schedule, board_).is_exact;
        });
    }
};

TEST_F(PlanNetwork, ErrsNoMoreThanIsAllowed) {
    const Graph graph = import_network("resnext50_G4");
    const PlannedNetwork free = planned(graph, 1);
    EXPECT_TRUE(free.rules.limits.empty());
    EXPECT_GT(inexact_steps(free), 10);
    const double most = free.plan.relative_error;
    EXPECT_GT(most, 1e-6);
    EXPECT_LT(most, 1e-3);

    // A little less costs a layer or two their largest tiles.
    const PlannedNetwork kept = planned(graph, most / 2);
    EXPECT_LE(kept.plan.relative_error, most / 2);
    EXPECT_GT(kept.plan.relative_error, 0);
    EXPECT_FALSE(kept.rules.limits.empty());
    EXPECT_GT(inexact_steps(kept), inexact_steps(free) / 2);

    const PlannedNetwork exact = planned(graph, 0);
    EXPECT_EQ(exact.plan.relative_error, 0);
    EXPECT_EQ(inexact_steps(exact), 0);
}

TEST_F(PlanNetwork, OfExactSchedulesThereIsNothingToEstimate) {
    ScheduleRules rules;
    rules.winograd = false;
    const PlannedNetwork network = plan_network(import_network("digits"), board_, {}, rules);
    EXPECT_EQ(network.plan.relative_error, 0);
    EXPECT_EQ(inexact_steps(network), 0);
}

TEST_F(PlanNetwork, OfWeightsThatAreNoNumbersThereIsNothingToEstimate) {
    for (const float value : {NAN, INFINITY}) {
        GraphMaker make;
        ValueId x = make.input({1, 64, 28, 28});
        for (int i = 0; i < 3; i++) x = make.activate(make.conv(x, 64, 3, 1));
        Graph graph = make.finish({x});
        auto &weights = std::get<Conv2d>(graph.nodes[0].operation).weights;
        weights = std::make_shared<const std::vector<float>>(weights->size(), value);
        optimize(graph);
        EXPECT_LE(planned(graph, 1e-9).plan.relative_error, 1e-9) << value;
    }
}

}  // namespace
}  // namespace convoy
