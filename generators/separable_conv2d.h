#pragma once

#include "generators/stages.h"

namespace convoy {

// A depthwise convolution and a pointwise one in one kernel; the pointwise one's vector runs over
// output channels. A schedule computes the intermediate a tile at a time, all channels of it.
//
// Layouts, innermost first, f32:
//   input         (lane, iw, ih, block, mb)
//   weights       one row: (lane, kw, kh, block) of the depthwise convolution, then
//                 (vector, ic, oc vector) of the pointwise one
//   bias          one row: (lane, block), then (vector, oc vector)
//   intermediate  (ic, ow, oh, mb), ic in the order of the input's positions
//   output        (lane, block of the vector, ow, oh, oc vector, group = 1, mb)
struct SeparableConv2dStages {
    Halide::ImageParam input, weights, bias, residual;
    Halide::Func depthwise, intermediate, accumulator, output;
    Halide::Var c{"c"}, x{"x"}, y{"y"};  // of the depthwise convolution and the intermediate
    Halide::Var lane{"lane"}, sub{"sub"}, ow{"ow"}, oh{"oh"}, oc{"oc"}, group{"group"},
        image{"image"};
    Halide::RVar kw, kh, ic;
    int channels = 1;  // of the intermediate, whole blocks
    int lanes = 1;     // of a block of the input
    int subs = 1;      // extent of sub
    bool has_residual = false;

    std::vector<Halide::Argument> arguments() const;
};

bool separable_conv2d_accepts(const SeparableConv2dKernel &kernel, int vector);
SeparableConv2dStages separable_conv2d(const SeparableConv2dKernel &kernel, int vector);

}  // namespace convoy
