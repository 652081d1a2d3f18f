#pragma once

#include "generators/stages.h"

namespace convoy {

// A product of two activations, batch by batch, nchw; m rows and n columns of results:
//   input   f32 (1, k, m, c, mb), or (1, m, k, c, mb) where transposed
//   right   f32 (1, n, k, c, mb), or (1, k, n, c, mb) where transposed
//   output  f32 (1, n, m, c, mb)
// An operand of one batch is shared by all.
struct MatMulStages {
    Halide::ImageParam input, right;
    Halide::Func product, output;
    Halide::Var lane{"lane"}, n{"n"}, m{"m"}, c{"c"}, image{"image"};
    Halide::RVar k;

    std::vector<Halide::Argument> arguments() const { return {input, right}; }
};

MatMulStages matmul(const MatMulKernel &kernel);

}  // namespace convoy
