#pragma once

#include <optional>
#include <string>
#include <variant>

#include "generators/combine.h"
#include "generators/copy_problem.h"
#include "generators/layout.h"

// What a kernel computes, as data: everything a caller can see of it. How it computes is a
// Schedule.

namespace convoy {

// output = activation(combine(conv(input) + bias, residual))
struct Conv2dKernel {
    ConvProblem problem;
    View input, output;
    // Dims and layout of the output, a halo of its own; mb, h and w may be 1 and are then
    // broadcast.
    std::optional<View> residual;
    Activation activation;
    Combine combine = Combine::add;
    bool operator==(const Conv2dKernel &) const = default;
};

// A depthwise convolution, then a pointwise one that reads it while it is in cache:
// output = activation(combine(pointwise(middle(depthwise(input) + bias)) + bias, residual))
struct SeparableConv2dKernel {
    ConvProblem depthwise;  // g = ic = oc
    int oc = 1;             // of the pointwise convolution
    Activation middle;      // behind the depthwise convolution
    View input, output;
    std::optional<View> residual;  // as Conv2dKernel's
    Activation activation;
    Combine combine = Combine::add;

    ConvProblem pointwise() const;
    bool operator==(const SeparableConv2dKernel &) const = default;
};

// Two-level group convolution (Lee, Park and Lee, "Two-level Group Convolution", equation 3.5):
// output = activation(combine(conv(input) + spread(representatives(input)) + bias, residual))
// The representatives are one channel a group, of the group's convolution from ic/g channels to 1;
// spread is a full 1x1 convolution from these g channels to oc.
struct TwoLevelConv2dKernel {
    ConvProblem problem;  // the grouped convolution
    View input, output;
    std::optional<View> residual;  // as Conv2dKernel's
    Activation activation;
    Combine combine = Combine::add;

    int64_t macs() const;
    int64_t weight_count() const;
    bool operator==(const TwoLevelConv2dKernel &) const = default;
};

struct Pool2dKernel {
    PoolProblem problem;
    View input, output;
    bool operator==(const Pool2dKernel &) const = default;
};

// output = activation(combine(input * scale[c] + shift[c], addend)), each part where present. The
// input and the addend may have extents of 1 where the output has more: they are broadcast.
struct ElementwiseKernel {
    View input, output;
    bool has_scale_shift = false;
    std::optional<View> addend;
    Activation activation;
    Combine combine = Combine::add;
    bool operator==(const ElementwiseKernel &) const = default;
};

// Copies the input's channels input_channel and up to the output's channels first_channel and up,
// as many as both have, changing layout and halo.
struct ReorderKernel {
    View input, output;
    int first_channel = 0;
    int input_channel = 0;
    bool operator==(const ReorderKernel &) const = default;
};

// Softmax over the channels, nchw, or its logarithm.
struct SoftmaxKernel {
    View input, output;
    bool is_log = false;
    bool operator==(const SoftmaxKernel &) const = default;
};

enum class Reduction { sum, mean, max, min, product };

const char *to_string(Reduction reduction);

// Over the channels, nchw: the output has one.
struct ReduceKernel {
    View input, output;
    Reduction reduction = Reduction::sum;
    bool operator==(const ReduceKernel &) const = default;
};

// Layer normalisation over the channels, with a scale and a shift for each: generators/normalize.h.
struct NormalizeKernel {
    View input, output;
    float epsilon = 0;
    bool operator==(const NormalizeKernel &) const = default;
};

// Products of the rows and columns of planes, nchw: generators/matmul.h.
struct MatMulKernel {
    View input, right, output;
    bool is_input_transposed = false, is_right_transposed = false;

    int depth() const { return is_input_transposed ? input.h : input.w; }
    int64_t macs() const { return int64_t{output.mb} * output.c * output.h * output.w * depth(); }
    bool operator==(const MatMulKernel &) const = default;
};

// Any copy of one dense buffer into another; both are nchw, without halos.
struct StridedCopyKernel {
    View input, output;
    CopyProblem copy;
    bool operator==(const StridedCopyKernel &) const = default;
};

// Weighted sums of `taps` elements along one axis, taken from a table. Along the channels in nchw
// only.
struct ResampleKernel {
    enum class Axis { c, h, w };
    View input, output;
    Axis axis = Axis::w;
    int taps = 1;
    bool operator==(const ResampleKernel &) const = default;
};

// output channel j * groups + i = input channel i * (c / groups) + j: the channels, read as a
// matrix of a row a group, transposed.
struct ChannelShuffleKernel {
    View input, output;
    int groups = 1;
    bool operator==(const ChannelShuffleKernel &) const = default;
};

using Kernel =
    std::variant<Conv2dKernel, SeparableConv2dKernel, TwoLevelConv2dKernel, Pool2dKernel,
                 ElementwiseKernel, ReorderKernel, SoftmaxKernel, ReduceKernel, NormalizeKernel,
                 MatMulKernel, StridedCopyKernel, ResampleKernel, ChannelShuffleKernel>;

// What a kernel reads besides its input and constants: a residual, an addend, a product's right
// side; null where it reads nothing.
View *second_input(Kernel &kernel);
const View *second_input(const Kernel &kernel);

// The residual of a convolution; null where it has none, or the kernel is another.
const View *residual_of(const Kernel &kernel);

// The convolution whose zero pads a kernel reads around its input; null for other kernels.
const ConvProblem *window_of(const Kernel &kernel);

// One line that identifies a kernel: operator, shape, layouts, epilogue. Equal kernels, equal text.
std::string to_string(const Kernel &kernel);

// Multiply-adds of one call; 0 where a kernel only moves or combines.
int64_t macs(const Kernel &kernel);

// Bytes of activations and constants that a call must move at least once.
int64_t compulsory_bytes(const Kernel &kernel);

}  // namespace convoy
