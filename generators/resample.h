#pragma once

#include "generators/stages.h"

namespace convoy {

// Along one dim of the view, every output element is a sum of weighted input elements, named by a
// table. Input and output share their layout and the other dims.
//   input, output   f32 (lane, w, h, block, mb)
//   weights         f32 (tap, output index)
//   indices         f32 (tap, output index): whole numbers, input indices
struct ResampleStages {
    Halide::ImageParam input, weights, indices;
    Halide::Func output;
    Halide::Var lane{"lane"}, w{"w"}, h{"h"}, block{"block"}, image{"image"};

    std::vector<Halide::Argument> arguments() const { return {input, weights, indices}; }
};

ResampleStages resample(const ResampleKernel &kernel);

}  // namespace convoy
