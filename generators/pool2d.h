#pragma once

#include "generators/stages.h"

namespace convoy {

// Max or average pooling. Input and output share their layout: f32 (lane, w, h, block, mb).
struct Pool2dStages {
    Halide::ImageParam input;
    Halide::Func pooled, output;
    Halide::Var lane{"lane"}, ow{"ow"}, oh{"oh"}, block{"block"}, image{"image"};
    Halide::RVar kw, kh;

    std::vector<Halide::Argument> arguments() const { return {input}; }
};

Pool2dStages pool2d(const Pool2dKernel &kernel);

}  // namespace convoy
