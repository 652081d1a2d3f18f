#pragma once

#include "compiler/graph.h"

namespace convoy {

// Folds a ScaleShift into the weights of the convolution or product before it, into those of the
// convolution after it (where padding allows), or into a ScaleShift before it. True when it changed
// the graph.
bool fold_scale_shift(Graph &graph);

}  // namespace convoy
