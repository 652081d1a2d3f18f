#pragma once

#include <vector>

#include "compiler/graph.h"
#include "compiler/plan/image_loop.h"
#include "generators/layout.h"
#include "schedules/choose.h"

namespace convoy {

// The layout each value is stored in, and the one each node reads its inputs in; where the two
// differ the value is reordered in between.
struct LayoutAssignment {
    std::vector<Layout> stored;             // by value
    std::vector<std::vector<Layout>> read;  // by node, then by input
    ImageLoop loop;                         // which nodes take one image after the other
    double cycles = 0;                      // of kernels and reorders together, as predicted
};

// The cheapest assignment over the whole graph: kernel times are a record's where there is one and
// the model's otherwise, and every change of layout costs its reorder. Graph inputs and outputs are
// nchw.
LayoutAssignment assign_layouts(const Graph &graph, const Board &board, const Records &records,
                                const ScheduleRules &rules = {});

// With a loop of the caller's choice.
LayoutAssignment assign_layouts(const Graph &graph, const Board &board, const Records &records,
                                const ScheduleRules &rules, const ImageLoop &loop);

// As many first nodes of a batch's network as are cheapest with one image after the other: what the
// first of these takes.
ImageLoop choose_image_loop(const Graph &graph, const Board &board, const Records &records,
                            const ScheduleRules &rules);

}  // namespace convoy
