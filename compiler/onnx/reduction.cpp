// Operators that sum, compare or normalise elements along dims.

#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>

#include "compiler/onnx/operators.h"

namespace convoy {

namespace {

using Dims = std::vector<int64_t>;
using Kind = Activation::Kind;

struct Operator {
    const char *op_type;
    Reduction reduction;
    Activation before = {}, after = {};
};

const Operator reductions[] = {
    {"ReduceL1", Reduction::sum, {Kind::abs}},
    {"ReduceL2", Reduction::sum, {Kind::pow, 2}, {Kind::sqrt}},
    {"ReduceLogSum", Reduction::sum, {}, {Kind::log}},
    {"ReduceMax", Reduction::max},
    {"ReduceMean", Reduction::mean},
    {"ReduceMin", Reduction::min},
    {"ReduceProd", Reduction::product},
    {"ReduceSum", Reduction::sum},
    {"ReduceSumSquare", Reduction::sum, {Kind::pow, 2}},
};

int64_t product(const Dims &dims, size_t begin, size_t end) {
    return std::accumulate(dims.begin() + begin, dims.begin() + end, int64_t{1},
                           std::multiplies<>());
}

// Which dims are reduced: an attribute, from opset 13 (ReduceSum) or 18 on an input. None: all.
std::vector<bool> read_axes(const OnnxNode &node, size_t rank) {
    Dims axes = node.attribute_ints("axes", {});
    if (node.has_input(1)) {
        if (node.has_attribute("axes")) node.fail("it has axes as an attribute and as an input");
        axes = node.integers(1, "axes").integers;
    }
    const bool keeps_all = axes.empty() && node.attribute_int("noop_with_empty_axes", 0) != 0;
    std::vector<bool> is_reduced(rank, axes.empty() && !keeps_all);
    for (int64_t axis : axes) {
        if (axis < -int64_t(rank) || axis >= int64_t(rank)) {
            node.fail("axes are " + dims_text(axes) + ", expected " + std::to_string(-int(rank)) +
                      " to " + std::to_string(int(rank) - 1));
        }
        is_reduced[axis < 0 ? axis + rank : axis] = true;
    }
    return is_reduced;
}

// Whole planes: a pool, which computes in any layout.
std::optional<Pool2d> as_pool(Reduction reduction, const std::vector<bool> &is_reduced,
                              const Dims &dims) {
    if (is_reduced != std::vector<bool>{false, false, true, true}) return {};
    if (reduction != Reduction::mean && reduction != Reduction::max) return {};
    PoolProblem p;
    p.kind = reduction == Reduction::mean ? PoolProblem::Kind::average : PoolProblem::Kind::max;
    p.mb = int(dims[0]), p.c = int(dims[1]);
    p.ih = p.kh = int(dims[2]), p.iw = p.kw = int(dims[3]);
    return Pool2d{p};
}

ValueId activated(OnnxNode &node, ValueId value, const Activation &activation) {
    if (activation.kind == Kind::none) return value;
    return node.intermediate(Activate{activation}, {value}, node.dims(value));
}

// One value for each element that is not reduced, in dims of the same rank.
ValueId reduced(OnnxNode &node, ValueId value, Reduction reduction,
                const std::vector<bool> &is_reduced) {
    Dims dims = node.dims(value);
    if (const auto pool = as_pool(reduction, is_reduced, dims))
        return node.intermediate(*pool, {value}, {dims[0], dims[1], 1, 1});
    for (int first = 0; first < int(dims.size()); ++first) {
        if (!is_reduced[first]) continue;
        int last = first;
        while (last < int(dims.size()) && is_reduced[last]) dims[last++] = 1;
        value = node.intermediate(Reduce{reduction, first, last}, {value}, dims);
        first = last;
    }
    return value;
}

// The value, without the dims of 1 that a reduction left unless they are to be kept.
void output_reduced(OnnxNode &node, ValueId input, ValueId value,
                    const std::vector<bool> &is_reduced) {
    if (value == input) return node.output_same_as(0);
    if (node.attribute_int("keepdims", 1) == 0) {
        Dims kept;
        const Dims dims = node.dims(value);
        for (size_t d = 0; d < dims.size(); ++d) {
            if (!is_reduced[d]) kept.push_back(dims[d]);
        }
        if (kept != dims) value = node.intermediate(Reshape{}, {value}, kept);
    }
    node.output(value);
}

Constant filled(int64_t count, float value) {
    return std::make_shared<const std::vector<float>>(size_t(count), value);
}

// Normalize over dims first .. rank - 1 without a scale of its own.
ValueId normalized(OnnxNode &node, ValueId value, int first, float epsilon) {
    const Dims dims = node.dims(value);
    const int64_t count = product(dims, first, dims.size());
    return node.intermediate(
        Normalize{first, int(dims.size()), epsilon, filled(count, 1), filled(count, 0)}, {value},
        dims);
}

// The parameters of `count` channels, each given `repeats` times over.
Constant channel_values(const OnnxNode &node, int index, const char *what, int64_t count,
                        int64_t channels) {
    const OnnxTensor &tensor = node.floats(index, what);
    node.expect_dims(what, tensor.dims, {count});
    if (count == channels) return tensor.floats;
    std::vector<float> values(channels);
    for (int64_t c = 0; c < channels; ++c) values[c] = (*tensor.floats)[c / (channels / count)];
    return std::make_shared<const std::vector<float>>(std::move(values));
}

// Normalises each group of channels, then scales and shifts each channel.
void output_group_normalization(OnnxNode &node, int64_t groups, int64_t parameters) {
    const float epsilon = node.attribute_float("epsilon", 1e-5f);
    const ValueId input = node.activation(0, "input");
    const Dims dims = node.dims(input);
    if (dims.size() < 3) node.fail("input is " + dims_text(dims) + ", expected rank 3 or more");
    const int64_t c = dims[1];
    if (groups == 0) groups = parameters = c;
    if (groups < 1 || c % groups != 0) {
        node.fail("attribute 'num_groups' is " + std::to_string(groups) +
                  ", expected a divisor of " + std::to_string(c));
    }
    if (parameters == 0) parameters = c;
    const ScaleShift scale_shift{channel_values(node, 1, "scale", parameters, c),
                                 channel_values(node, 2, "bias", parameters, c),
                                 {}};
    ValueId value = node.intermediate(Reshape{}, {input},
                                      {dims[0], groups, product(dims, 1, dims.size()) / groups});
    value = node.intermediate(Reshape{}, {normalized(node, value, 2, epsilon)}, dims);
    node.output(scale_shift, {value}, dims);
}

}  // namespace

void import_reduce(OnnxNode &node) {
    const Operator &known = *std::ranges::find(reductions, node.op_type(), &Operator::op_type);
    const ValueId input = node.operand(0, "input");
    const std::vector<bool> is_reduced = read_axes(node, node.dims(input).size());
    const ValueId before = activated(node, input, known.before);
    const ValueId sum = reduced(node, before, known.reduction, is_reduced);
    output_reduced(node, input, activated(node, sum, known.after), is_reduced);
}

void import_reduce_log_sum_exp(OnnxNode &node) {
    const ValueId input = node.operand(0, "input");
    const std::vector<bool> is_reduced = read_axes(node, node.dims(input).size());
    // Distances from the largest, so that no power overflows.
    const ValueId largest = reduced(node, input, Reduction::max, is_reduced);
    const ValueId powers =
        activated(node, combined(node, Combine::sub, input, largest), {Kind::exp});
    const ValueId sum = reduced(node, powers, Reduction::sum, is_reduced);
    const ValueId result = combined(node, Combine::add, activated(node, sum, {Kind::log}), largest);
    output_reduced(node, input, result, is_reduced);
}

void import_layer_normalization(OnnxNode &node) {
    const ValueId input = node.activation(0, "input");
    const Dims dims = node.dims(input);
    const int axis = node.attribute_axis(-1, dims.size(), int64_t(dims.size()) - 1);
    const Dims normalized_dims(dims.begin() + axis, dims.end());
    Normalize normalize{axis, int(dims.size()), node.attribute_float("epsilon", 1e-5f)};
    const OnnxTensor &scale = node.floats(1, "Scale");
    node.expect_dims("Scale", scale.dims, normalized_dims);
    normalize.scale = scale.floats;
    normalize.shift = filled(int64_t(scale.floats->size()), 0);
    if (node.has_input(2)) {
        const OnnxTensor &bias = node.floats(2, "B");
        node.expect_dims("B", bias.dims, normalized_dims);
        normalize.shift = bias.floats;
    }
    node.output(normalize, {input}, dims);
}

void import_instance_normalization(OnnxNode &node) {
    output_group_normalization(node, 0, 0);
}

void import_group_normalization(OnnxNode &node) {
    const int64_t groups = node.attribute_int("num_groups", 0);
    if (groups < 1) node.fail("attribute 'num_groups' must be 1 or more");
    // Until opset 20 the parameters were those of the groups.
    output_group_normalization(node, groups, node.opset() < 21 ? groups : 0);
}

void import_softmax(OnnxNode &node) {
    const ValueId input = node.operand(0, "input");
    const bool is_log = node.op_type() == "LogSoftmax";
    const auto dims = node.dims(input);
    const bool is_flattening = node.opset() < 13;
    const int axis = node.attribute_axis(is_flattening ? 1 : -1, dims.size(),
                                         int64_t(dims.size()) - (is_flattening ? 0 : 1));
    const int64_t rows = product(dims, 0, axis), columns = product(dims, axis, dims.size());
    // Before opset 13 the sum runs over all dims from the axis on.
    if (!is_flattening || (axis < int(dims.size()) && columns == dims[axis])) {
        return node.output(Softmax{axis, is_log}, {input}, dims);
    }
    const ValueId flat = node.intermediate(Reshape{}, {input}, {rows, columns});
    const ValueId softmax = node.intermediate(Softmax{1, is_log}, {flat}, {rows, columns});
    node.output(Reshape{}, {softmax}, dims);
}

}  // namespace convoy
