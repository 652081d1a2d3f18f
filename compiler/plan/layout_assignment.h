#pragma once

#include <vector>

#include "compiler/graph.h"
#include "generators/layout.h"
#include "schedules/choose.h"

namespace convoy {

// The layout each value is stored in, and the one each node reads its inputs in; where the two
// differ the value is reordered in between.
struct LayoutAssignment {
    std::vector<Layout> stored;             // by value
    std::vector<std::vector<Layout>> read;  // by node, then by input
    double cycles = 0;                      // of kernels and reorders together, as predicted
};

// The cheapest assignment over the whole graph: kernel times are a record's where there is one and
// the model's otherwise, and every change of layout costs its reorder. Graph inputs and outputs are
// nchw.
LayoutAssignment assign_layouts(const Graph &graph, const Board &board, const Records &records,
                                const ScheduleRules &rules = {});

}  // namespace convoy
