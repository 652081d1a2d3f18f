#pragma once

#include "generators/stages.h"

namespace convoy {

// One value of each column of channels, nchw: f32 (1, w, h, c, mb) to (1, w, h, 1, mb).
struct ReduceStages {
    Halide::ImageParam input;
    Halide::Func reduced, output;
    Halide::Var lane{"lane"}, w{"w"}, h{"h"}, c{"c"}, image{"image"};
    Halide::RVar each;

    std::vector<Halide::Argument> arguments() const { return {input}; }
};

ReduceStages reduce(const ReduceKernel &kernel);

}  // namespace convoy
