#pragma once

#include <vector>

#include "generators/kernel.h"

// Packing of constants ahead of time, into the orders that conv2d.h, grouped_conv2d.h and
// elementwise.h document. Channel permutations of the layouts are folded in here, so that they cost
// nothing at run time.

namespace convoy {

struct PackedConv2d {
    std::vector<float> weights, bias;
};

// weights: (oc, ic/g, kh, kw); bias: (oc). For conv2d with `vector` output channels a vector, or
// for grouped_conv2d.
PackedConv2d pack_for_conv2d(const Conv2dKernel &kernel, int vector, const float *weights,
                             const float *bias);
PackedConv2d pack_for_grouped_conv2d(const Conv2dKernel &kernel, const float *weights,
                                     const float *bias);

// One value a channel in the order of the view's positions, zero for padding.
std::vector<float> pack_channels(const View &view, const float *values);

// Activations: dense nchw to and from a view's memory (view.floats() floats, halo and padding
// zeroed).
std::vector<float> pack_activation(const View &view, const float *nchw);
std::vector<float> unpack_activation(const View &view, const float *memory);

}  // namespace convoy
