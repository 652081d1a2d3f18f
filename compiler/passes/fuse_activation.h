#pragma once

#include <optional>

#include "compiler/graph.h"

namespace convoy {

// The one activation equal to `second` behind `first` for every finite element, if there is one.
std::optional<Activation> compose(const Activation &first, const Activation &second);

// Folds an Activate into the operation before it. True when it changed the graph.
bool fuse_activation(Graph &graph);

}  // namespace convoy
