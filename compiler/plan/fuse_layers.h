#pragma once

#include "compiler/graph.h"
#include "schedules/choose.h"

namespace convoy {

// The graph with separable and two-level convolutions as one operation each, wherever the fused
// kernel is predicted to be faster on the board than the kernels it replaces.
Graph fuse_layers(Graph graph, const Board &board, const Records &records,
                  const ScheduleRules &rules = {});

}  // namespace convoy
