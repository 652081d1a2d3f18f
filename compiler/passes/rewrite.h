#pragma once

#include "compiler/graph.h"

namespace convoy {

// Where an operation keeps what it applies last; null for one that cannot carry an activation.
Activation *activation_of(Operation &operation);

inline bool is_none(const Activation &activation) {
    return activation.kind == Activation::Kind::none;
}

// The one node that reads the value, or -1 when several do or it is a graph output.
int sole_reader(const Graph &graph, ValueId value);

void erase_node(Graph &graph, int node);

}  // namespace convoy
