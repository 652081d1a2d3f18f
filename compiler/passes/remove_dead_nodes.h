#pragma once

#include "compiler/graph.h"

namespace convoy {

// Removes nodes whose output nobody reads, and values that no node reads or writes; the other
// values are renumbered. Graph inputs stay. True when it changed the graph.
bool remove_dead_nodes(Graph &graph);

}  // namespace convoy
