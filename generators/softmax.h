#pragma once

#include "generators/stages.h"

namespace convoy {

// Softmax over the channels of nchw activations, or its logarithm: f32 (1, w, h, c, mb).
struct SoftmaxStages {
    Halide::ImageParam input;
    Halide::Func largest, exponential, sum, output;
    Halide::Var lane{"lane"}, w{"w"}, h{"h"}, c{"c"}, image{"image"};
    Halide::RVar c_largest, c_sum;

    std::vector<Halide::Argument> arguments() const { return {input}; }
};

SoftmaxStages softmax(const SoftmaxKernel &kernel);

}  // namespace convoy
