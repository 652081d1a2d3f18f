#pragma once

#include <functional>

#include "compiler/graph.h"

namespace convoy {

// Makes a depthwise convolution and the pointwise one that alone reads it one SeparableConv2d,
// wherever `wins` says so. True when it changed the graph.
bool fuse_separable(Graph &graph, const std::function<bool(const SeparableConv2d &)> &wins);

}  // namespace convoy
