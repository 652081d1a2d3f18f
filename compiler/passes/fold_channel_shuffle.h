#pragma once

#include "compiler/graph.h"

namespace convoy {

// Folds a ChannelShuffle into the weights of a dense convolution or product that reads it, or of a
// dense convolution that writes its input: their channels are renamed. Depthwise convolutions,
// scales, activations and pooling between the two are renamed along. A grouped convolution reads
// and writes the channels of a group together, so that a shuffle on both of its sides stays. True
// when it changed the graph.
bool fold_channel_shuffle(Graph &graph);

}  // namespace convoy
