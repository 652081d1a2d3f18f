#pragma once

#include "compiler/graph.h"

namespace convoy {

// Lets the readers of a Reshape that see only its elements' order (another Reshape; FullyConnected,
// when each of its rows is one image of the Reshape's input) read the Reshape's input, and removes
// Reshapes to equal dims. True when it changed the graph; a Reshape nobody reads is left to
// remove_dead_nodes.
bool fold_reshape(Graph &graph);

}  // namespace convoy
