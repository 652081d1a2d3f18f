#pragma once

#include "generators/stages.h"

namespace convoy {

// Layer normalisation over the channels of nchw activations:
//   output = (input - mean) / sqrt(variance + epsilon) * scale[c] + shift[c]
//   input, output   f32 (1, w, h, c, mb)
//   scale, shift    f32 (1, c)
struct NormalizeStages {
    Halide::ImageParam input, scale, shift;
    Halide::Func sum, squares, output;  // of the column's elements, and of their distances squared
    Halide::Var lane{"lane"}, w{"w"}, h{"h"}, c{"c"}, image{"image"};
    Halide::RVar c_sum, c_squares;

    std::vector<Halide::Argument> arguments() const { return {input, scale, shift}; }
};

NormalizeStages normalize(const NormalizeKernel &kernel);

}  // namespace convoy
