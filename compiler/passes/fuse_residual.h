#pragma once

#include "compiler/graph.h"

namespace convoy {

// Turns an Add of a convolution's output into that convolution's residual input. True when it
// changed the graph.
bool fuse_residual(Graph &graph);

}  // namespace convoy
