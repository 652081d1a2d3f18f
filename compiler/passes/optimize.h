#pragma once

#include <span>

#include "compiler/graph.h"

namespace convoy {

struct Pass {
    const char *name;
    bool (*run)(Graph &graph);  // true when it changed the graph
};

// In the order in which optimize() runs them.
std::span<const Pass> passes();

// Runs the passes until none changes the graph, checking it after each. The outputs stay equal but
// for the rounding of folded weights.
void optimize(Graph &graph);

}  // namespace convoy
