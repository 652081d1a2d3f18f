#pragma once

#include "Halide.h"

namespace convoy::gpu {

// Neighbouring channels of a tile of so many whose weights one load brings.
inline int lanes_of(int channels) {
    return channels % 4 == 0 ? 4 : channels % 2 == 0 ? 2 : 1;
}

// A thread's sums of a tile's channels are registers: vectors as long as its loads of weights, and
// no loop over them.
template<typename Stage>
void unroll_channels(Stage &&stage, const Halide::Var &channel, int channels) {
    const int lanes = lanes_of(channels);
    if (lanes > 1) stage.vectorize(channel, lanes);
    if (lanes < channels) stage.unroll(channel);
}

}  // namespace convoy::gpu
