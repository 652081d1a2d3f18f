#pragma once

#include <functional>

#include "compiler/graph.h"

namespace convoy {

// Recognises a two-level group convolution (see TwoLevelConv2d) in the operations that frameworks
// export for it, and makes it one, wherever `wins` says so: a grouped convolution, plus a
// convolution of as many groups with one output channel each, behind which a 1x1 convolution
// spreads these channels over all. The prototype form of the paper's equation 3.2, a 1x1
// convolution among the representatives and a grouped one from them, is the same with the product
// of the two. True when it changed the graph.
bool fuse_two_level(Graph &graph, const std::function<bool(const TwoLevelConv2d &)> &wins);

}  // namespace convoy
