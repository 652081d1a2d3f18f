#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "generators/kernel.h"

namespace convoy {

// Constant data is shared between the graphs that passes make of one another; a pass that changes
// it makes its own.
using Constant = std::shared_ptr<const std::vector<float>>;

// Index into Graph::values.
using ValueId = int;

// An activation: always float32, dims in ONNX order (mb, c, h, w) or (mb, c) or any other rank.
struct Value {
    std::string name;
    std::vector<int64_t> dims;
    int64_t count() const;
};

// inputs: {input, residual, weights, bias}, each of the last three where there is one.
// output = activation(combine(conv(input) + bias, residual)).
// The residual has the output's dims, where mb, h and w may be 1 instead.
struct Conv2d {
    ConvProblem problem;
    Constant weights;  // (oc, ic/g, kh, kw); null: an input of the node
    Constant bias;     // (oc); null: an input of the node
    bool has_residual = false;
    Activation activation;
    Combine combine = Combine::add;

    bool has_constants() const { return weights && bias; }
    int weights_input() const { return 1 + has_residual; }
    int bias_input() const { return weights_input() + !weights; }
    int input_count() const { return bias_input() + !bias; }
};

// inputs: {input} or {input, residual}. The pointwise convolution reads what the depthwise one
// writes; the pointwise one's residual and activation are the operation's.
struct SeparableConv2d {
    Conv2d depthwise, pointwise;
};

// Two-level group convolution (Lee, Park and Lee, "Two-level Group Convolution", equation 3.5).
// inputs: {input} or {input, residual}.
// output = activation(grouped(input) + spread * representatives(input) + bias + residual)
struct TwoLevelConv2d {
    Conv2d grouped;            // residual, bias and activation are the operation's
    Constant representatives;  // (g, ic/g, kh, kw): one channel a group
    Constant spread;           // (oc, g)
};

// output = activation(weights * flattened input + bias): the input of any rank is read as (mb, ic),
// row-major.
struct FullyConnected {
    int mb = 1, ic = 1, oc = 1;
    Constant weights;  // (oc, ic)
    Constant bias;     // (oc); never null
    Activation activation;
};

// output = activation(scale[c] * input + shift[c]) over dimension 1: batch norm, Mul/Add by channel
// constants.
struct ScaleShift {
    Constant scale, shift;  // (c)
    Activation activation;
};

// output = activation(combine(a, b)), broadcast as ONNX does; both have the output's rank.
struct Binary {
    Combine combine = Combine::add;
    Activation activation;
};

struct Activate {
    Activation activation;
};

struct Pool2d {
    PoolProblem problem;
};

struct Concat {
    int axis = 1;
};

struct Softmax {
    int axis = 1;
    bool is_log = false;
};

// Over dims first .. last - 1 of the input, which become one or none.
struct Reduce {
    Reduction reduction = Reduction::sum;
    int first = 0, last = 0;
};

// output = (input - mean) / sqrt(variance + epsilon) * scale + shift, mean and variance being those
// of dims first .. last - 1.
struct Normalize {
    int first = 0, last = 0;
    float epsilon = 0;
    Constant scale, shift;  // one value for each element of the dims
};

// inputs: {a, b}, (.., m, k) and (.., k, n), their last two dims swapped where transposed. The dims
// before them are broadcast; both have the output's rank.
struct MatMul {
    bool is_a_transposed = false, is_b_transposed = false;
};

// No inputs: a constant that nodes read as they read an activation.
struct Literal {
    Constant data;
};

// Same elements in row-major order under other dims.
struct Reshape {};

// The copied elements in row-major order under the output's dims.
struct StridedCopy {
    CopyProblem copy;
};

// Along the axis, output[i] = sum over t of weights[i, t] * input[indices[i, t]]: interpolation,
// and gathering by constant indices.
struct Resample {
    int axis = 0;
    int taps = 1;
    Constant weights, indices;  // (output extent, taps); indices are whole numbers
};

// Output channel j * groups + i = input channel i * (c / groups) + j, of (mb, c, h, w).
struct ChannelShuffle {
    int groups = 1;
};

using Operation = std::variant<Conv2d, SeparableConv2d, TwoLevelConv2d, FullyConnected, ScaleShift,
                               Binary, Activate, Pool2d, Concat, Softmax, Reduce, Normalize, MatMul,
                               Literal, Reshape, StridedCopy, Resample, ChannelShuffle>;

// The convolution that reads the operation's first input, and the one whose bias, residual and
// activation end it; null for operations that are no convolutions.
const Conv2d *first_conv(const Operation &operation);
const Conv2d *last_conv(const Operation &operation);
inline Conv2d *last_conv(Operation &operation) {
    return const_cast<Conv2d *>(last_conv(std::as_const(operation)));
}

const char *operation_name(const Operation &operation);

struct Node {
    std::string name;  // the ONNX node's name, or its output's where it has none
    Operation operation;
    std::vector<ValueId> inputs;
    ValueId output;
};

// A network of static shapes. Nodes stand in an order in which every value is defined before it is
// used.
struct Graph {
    std::string name;
    std::vector<Value> values;
    std::vector<Node> nodes;
    std::vector<ValueId> inputs, outputs;

    // How often a value is read: by nodes, and once more for each time it is a graph output.
    int uses(ValueId value) const;
    // Index of the node that writes the value, or -1 for a graph input.
    int producer(ValueId value) const;
    int64_t macs() const;
    int64_t parameter_count() const;
};

// "(1, 3, 224, 224)"
std::string dims_text(const std::vector<int64_t> &dims);

// Throws std::logic_error naming the node when a node's dims contradict its operation or the order
// is broken: run after every pass in tests.
void check(const Graph &graph);

}  // namespace convoy
