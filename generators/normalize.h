#pragma once

#include "generators/stages.h"

namespace convoy {

// Layer normalisation over the channels:
//   output = (input - mean) / sqrt(variance + epsilon) * scale[c] + shift[c]
//   input, output   f32 (lane, w, h, block, mb)
//   scale, shift    f32 (lane, block)
struct NormalizeStages {
    Halide::ImageParam input, scale, shift;
    // Of a pixel's elements and of their distances from the mean squared: sums of each lane, then,
    // where a block has several lanes, of all.
    Halide::Func lane_sums, lane_squares, sum, squares;
    Halide::Func mean, inverse;  // the latter of the deviation
    Halide::Func output;
    Halide::Var lane{"lane"}, w{"w"}, h{"h"}, c{"c"}, image{"image"};  // c counts blocks
    Halide::RVar sum_block, squares_block, sum_lane, squares_lane;

    std::vector<Halide::Argument> arguments() const { return {input, scale, shift}; }
};

// Of one layout, whose lanes all have a channel: padding would be counted.
bool normalize_accepts(const NormalizeKernel &kernel);

NormalizeStages normalize(const NormalizeKernel &kernel);

}  // namespace convoy
