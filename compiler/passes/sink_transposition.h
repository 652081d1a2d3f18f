#pragma once

#include "compiler/graph.h"

namespace convoy {

// Takes out a transposition of (mb, c, h, w) to (mb, h, w, c) whose every reader, through nodes
// that can as well work on dimension 1, ends in a transposition back. What lies between works on
// (mb, c, h, w) then: products with constants are 1x1 convolutions, constants of the last dim
// scales and shifts. Leaves Reshapes to equal dims where the transpositions were. True when it
// changed the graph.
bool sink_transposition(Graph &graph);

}  // namespace convoy
