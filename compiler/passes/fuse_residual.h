#pragma once

#include "compiler/graph.h"

namespace convoy {

// Turns a sum, difference, product, maximum, minimum or PRelu of a convolution's output and another
// value of its dims, or of one element a channel, into that convolution's residual input. True when
// it changed the graph.
bool fuse_residual(Graph &graph);

}  // namespace convoy
