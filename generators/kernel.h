#pragma once

#include <optional>
#include <string>
#include <variant>

#include "generators/layout.h"

// What a kernel computes, as data: everything a caller can see of it. How it computes is a
// Schedule.

namespace convoy {

// output = activation(conv(input) + bias + residual)
struct Conv2dKernel {
    ConvProblem problem;
    View input, output;
    std::optional<View> residual;  // dims and layout of the output, a halo of its own
    Activation activation;
    bool operator==(const Conv2dKernel &) const = default;
};

struct Pool2dKernel {
    PoolProblem problem;
    View input, output;
    bool operator==(const Pool2dKernel &) const = default;
};

// output = activation(input * scale[c] + shift[c] + addend), each part where present.
struct ElementwiseKernel {
    View input, output;
    bool has_scale_shift = false;
    std::optional<View> addend;
    Activation activation;
    bool operator==(const ElementwiseKernel &) const = default;
};

// Copies the input's channels to the output's channels first_channel and up, changing layout and
// halo.
struct ReorderKernel {
    View input, output;
    int first_channel = 0;
    bool operator==(const ReorderKernel &) const = default;
};

// Softmax over the channels, nchw.
struct SoftmaxKernel {
    View input, output;
    bool operator==(const SoftmaxKernel &) const = default;
};

using Kernel =
    std::variant<Conv2dKernel, Pool2dKernel, ElementwiseKernel, ReorderKernel, SoftmaxKernel>;

// One line that identifies a kernel: operator, shape, layouts, epilogue. Equal kernels, equal text.
std::string to_string(const Kernel &kernel);

}  // namespace convoy
