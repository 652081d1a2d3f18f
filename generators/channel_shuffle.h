#pragma once

#include "generators/stages.h"

namespace convoy {

// ShuffleNet's channel shuffle: the channels, read as a matrix of a row a group, are transposed.
// Layouts may differ; lanes beyond the last channel become zero.
//   input, output   f32 (lane, w, h, block, mb)
struct ChannelShuffleStages {
    Halide::ImageParam input;
    Halide::Func output;
    Halide::Var lane{"lane"}, w{"w"}, h{"h"}, block{"block"}, image{"image"};

    std::vector<Halide::Argument> arguments() const { return {input}; }
};

// Interleaved over its groups, the input's channels lie as the shuffle is to leave them.
bool keeps_lanes(const ChannelShuffleKernel &kernel);

ChannelShuffleStages channel_shuffle(const ChannelShuffleKernel &kernel);

}  // namespace convoy
