#pragma once

#include "compiler/graph.h"

namespace convoy {

// Replaces a copy between Reshapes that transposes the channels, read as a matrix of a row a group,
// by a ChannelShuffle: how PyTorch exports ShuffleNet's shuffle. True when it changed the graph.
bool recognize_channel_shuffle(Graph &graph);

}  // namespace convoy
