#pragma once

#include "generators/stages.h"

namespace convoy {

// output = activation(combine(input * scale + shift, addend)), each part where the kernel has it.
//   input, addend, output   f32 (lane, w, h, block, mb), one layout; extents of 1 are broadcast
//   scale, shift            f32 (lane, block)
struct ElementwiseStages {
    Halide::ImageParam input, scale, shift, addend;
    Halide::Func output;
    Halide::Var lane{"lane"}, w{"w"}, h{"h"}, block{"block"}, image{"image"};
    bool has_scale_shift = false, has_addend = false;

    std::vector<Halide::Argument> arguments() const;
};

ElementwiseStages elementwise(const ElementwiseKernel &kernel);

}  // namespace convoy
