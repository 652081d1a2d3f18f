#pragma once

#include "generators/pack.h"

// Packing of the weights of kernels that hold several convolutions, into the orders that
// separable_conv2d.h and two_level_conv2d.h document.

namespace convoy {

// weights: (ic, kh, kw) of the depthwise convolution, then (oc, ic) of the pointwise one; bias:
// (ic), then (oc).
PackedConv2d pack_separable_conv2d(const SeparableConv2dKernel &kernel, int vector,
                                   const float *weights, const float *bias);
// weights: (oc, ic/g, kh, kw) of the grouped convolution, (g, ic/g, kh, kw) of the representatives,
// (oc, g) of the spread; bias: (oc).
PackedConv2d pack_two_level_conv2d(const TwoLevelConv2dKernel &kernel, int vector,
                                   const float *weights, const float *bias);

}  // namespace convoy
