#pragma once

#include "compiler/graph.h"
#include "compiler/plan/plan.h"
#include "schedules/choose.h"

namespace convoy {

struct PlannedNetwork {
    Graph graph;  // with the layers that one kernel computes fused
    Plan plan;    // without places in memory
    // By which kernels choose their schedules: the caller's, with limits that keep the outputs'
    // error small.
    ScheduleRules rules;
};

// Fuses layers, assigns layouts and lowers an optimised graph. Where schedules that are not exact
// would together err more at the outputs than the rules allow, the convolutions that add most to it
// get smaller tiles and fewer levels, or none, and all is planned again.
PlannedNetwork plan_network(const Graph &model, const Board &board, const Records &records,
                            const ScheduleRules &rules);

}  // namespace convoy
