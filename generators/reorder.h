#pragma once

#include "generators/stages.h"

namespace convoy {

// Copies an activation into another layout; lanes beyond the last channel become zero, or are
// copied where the layout stays. Where the kernel has a first_channel, the output buffer starts at
// that channel's block and the rest of it is left alone.
struct ReorderStages {
    Halide::ImageParam input;
    Halide::Func output;
    Halide::Var lane{"lane"}, w{"w"}, h{"h"}, block{"block"}, image{"image"};

    std::vector<Halide::Argument> arguments() const { return {input}; }
};

// first_channel starts a block, and the input either ends the output's channels or fills whole
// vectors.
bool reorder_accepts(const ReorderKernel &kernel, int vector);
ReorderStages reorder(const ReorderKernel &kernel);

}  // namespace convoy
