#pragma once

#include "compiler/plan/layout_assignment.h"
#include "compiler/plan/plan.h"

namespace convoy {

// The steps of a graph under a layout assignment: one kernel a node (one an input for concat),
// reorders where a value is read in another layout than it is stored in or with a halo it cannot
// have. Tensors get no offsets yet.
Plan lower(const Graph &graph, const LayoutAssignment &layouts, const Board &board);

}  // namespace convoy
