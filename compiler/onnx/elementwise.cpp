// Operators that combine elements of two operands, batch normalisation, and what inference leaves
// out.

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include "compiler/broadcast.h"
#include "compiler/onnx/operators.h"

namespace convoy {

namespace {

using Dims = std::vector<int64_t>;

Constant make_constant(std::vector<float> data) {
    return std::make_shared<const std::vector<float>>(std::move(data));
}

struct Operator {
    const char *op_type;
    Combine combine;
};

constexpr Operator combinations[] = {
    {"Add", Combine::add}, {"Div", Combine::div}, {"Max", Combine::max}, {"Mean", Combine::add},
    {"Min", Combine::min}, {"Mul", Combine::mul}, {"Pow", Combine::pow}, {"PRelu", Combine::prelu},
    {"Sub", Combine::sub}, {"Sum", Combine::add},
};

Combine combine_of(const OnnxNode &node) {
    return std::ranges::find(combinations, node.op_type(), &Operator::op_type)->combine;
}

// The constant as one value a channel of an activation of `dims`, or none where it is no such
// constant.
std::optional<std::vector<float>> per_channel(const OnnxTensor &tensor, const Dims &dims) {
    if (dims.size() < 2 || tensor.dims.size() > dims.size()) return {};
    if (tensor.floats->size() == 1)
        return std::vector<float>(size_t(dims[1]), tensor.floats->front());
    Dims expected(dims.size(), 1), aligned(dims.size(), 1);
    expected[1] = dims[1];
    std::ranges::copy_backward(tensor.dims, aligned.end());
    if (aligned != expected) return {};
    return *tensor.floats;
}

// combine(x, c) as scale * x + shift, where it is that.
std::optional<ScaleShift> as_scale_shift(Combine combine, bool is_first,
                                         const std::vector<float> &c) {
    const std::vector<float> zeros(c.size(), 0), ones(c.size(), 1);
    const auto map = [&](auto f) {
        std::vector<float> result = c;
        for (float &x : result) x = f(x);
        return result;
    };
    const auto make = [](std::vector<float> scale, std::vector<float> shift) {
        return ScaleShift{make_constant(std::move(scale)), make_constant(std::move(shift)), {}};
    };
    if (combine == Combine::add) return make(ones, c);
    if (combine == Combine::mul) return make(c, zeros);
    if (combine == Combine::sub && is_first) return make(map([](float) { return -1.0f; }), c);
    if (combine == Combine::sub) return make(ones, map(std::negate<float>()));
    const bool can_invert = std::ranges::all_of(c, [](float x) { return std::isnormal(1 / x); });
    if (combine == Combine::div && !is_first && can_invert)
        return make(map([](float x) { return 1 / x; }), zeros);
    return {};
}

// combine(x, c) of one constant as a function of x, where it is one.
std::optional<Activation> as_activation(Combine combine, bool is_first, float c) {
    constexpr float highest = std::numeric_limits<float>::max();
    if (!std::isfinite(c)) return {};
    if (combine == Combine::max) return c == 0 ? Activation::relu() : Activation::clip(c, highest);
    if (combine == Combine::min) return Activation::clip(-highest, c);
    if (combine == Combine::div && is_first && c == 1)
        return Activation{Activation::Kind::reciprocal};
    if (is_first) return {};
    if (combine == Combine::pow) return Activation{Activation::Kind::pow, c};
    if (combine == Combine::prelu) return Activation{Activation::Kind::leaky_relu, c};
    return {};
}

// The constant at one place; ONNX allows exponents that are integers.
OnnxTensor constant_operand(const OnnxNode &node, int index) {
    const OnnxTensor &tensor = node.constant(index, "operand");
    if (tensor.is_float || index == 0 || combine_of(node) != Combine::pow)
        return node.floats(index, "operand");
    OnnxTensor converted;
    converted.dims = tensor.dims;
    converted.floats =
        make_constant(std::vector<float>(tensor.integers.begin(), tensor.integers.end()));
    return converted;
}

ValueId operand(OnnxNode &node, int index) {
    if (!node.is_constant(index)) return node.activation(index, "operand");
    const OnnxTensor tensor = constant_operand(node, index);
    return node.intermediate(Literal{tensor.floats}, {}, tensor.dims);
}

// The activation at one place combined with the constant at the other in the cheapest form; false
// where there is none.
bool output_with_constant(OnnxNode &node, int constant_index) {
    const Combine combine = combine_of(node);
    const bool is_first = constant_index == 0;
    const ValueId input = node.activation(1 - constant_index, "operand");
    const Dims dims = node.dims(input);
    const OnnxTensor constant = constant_operand(node, constant_index);
    if (constant.floats->size() == 1 && constant.dims.size() <= dims.size()) {
        if (const auto activation = as_activation(combine, is_first, constant.floats->front())) {
            node.output(Activate{*activation}, {input}, dims);
            return true;
        }
    }
    const auto channels = per_channel(constant, dims);
    if (!channels) return false;
    const auto scale_shift = as_scale_shift(combine, is_first, *channels);
    if (scale_shift) node.output(*scale_shift, {input}, dims);
    return scale_shift.has_value();
}

Dims expect_broadcast(const OnnxNode &node, const Dims &a, const Dims &b) {
    const auto dims = broadcast_dims(a, b);
    if (!dims) {
        node.fail("operands are " + dims_text(a) + " and " + dims_text(b) +
                  ", expected dims that are equal or 1, aligned at their ends");
    }
    const Broadcast plain = collapse(*dims, {a, b});
    if (plain.output.size() > 4) {
        node.fail("operands are " + dims_text(a) + " and " + dims_text(b) +
                  ", expected at most 4 changes between repeated and own dims");
    }
    return *dims;
}

}  // namespace

ValueId with_rank(OnnxNode &node, ValueId value, size_t rank) {
    Dims dims = node.dims(value);
    if (dims.size() >= rank) return value;
    dims.insert(dims.begin(), rank - dims.size(), 1);
    return node.intermediate(Reshape{}, {value}, dims);
}

ValueId scaled(OnnxNode &node, ValueId value, float factor) {
    if (factor == 1) return value;
    const Dims dims = node.dims(value);
    if (dims.size() >= 2) {
        const auto filled = [&](float x) {
            return make_constant(std::vector<float>(size_t(dims[1]), x));
        };
        return node.intermediate(ScaleShift{filled(factor), filled(0), {}}, {value}, dims);
    }
    const ValueId c = node.intermediate(Literal{make_constant({factor})}, {}, Dims(dims.size(), 1));
    return node.intermediate(Binary{Combine::mul, {}}, {value, c}, dims);
}

ValueId combined(OnnxNode &node, Combine combine, ValueId a, ValueId b) {
    const Dims dims = expect_broadcast(node, node.dims(a), node.dims(b));
    a = with_rank(node, a, dims.size()), b = with_rank(node, b, dims.size());
    return node.intermediate(Binary{combine, {}}, {a, b}, dims);
}

void import_binary(OnnxNode &node) {
    for (int i : {0, 1}) {
        if (!node.has_input(i)) node.fail("an operand is missing");
    }
    for (int i : {0, 1}) {
        if (node.is_constant(i) && !node.is_constant(1 - i) && output_with_constant(node, i))
            return;
    }
    const ValueId a = operand(node, 0), b = operand(node, 1);
    node.output(combined(node, combine_of(node), a, b));
}

// Of any number of operands.
void import_variadic(OnnxNode &node) {
    const bool is_mean = node.op_type() == "Mean";
    if (node.input_count() == 2 && !is_mean) return import_binary(node);
    ValueId result = node.operand(0, "operand");
    for (int i = 1; i < node.input_count(); ++i)
        result = combined(node, combine_of(node), result, node.operand(i, "operand"));
    if (is_mean) result = scaled(node, result, 1 / float(node.input_count()));
    node.output(result);
}

void import_batch_normalization(OnnxNode &node) {
    node.expect_attribute("spatial", 1);
    node.expect_attribute("training_mode", 0);
    const float epsilon = node.attribute_float("epsilon", 1e-5f);
    const ValueId input = node.activation(0, "input");
    const auto dims = node.dims(input);
    if (dims.size() < 2)
        node.fail("input is " + dims_text(dims) + ", expected channels in dimension 1");
    const int64_t c = dims[1];
    const char *const roles[] = {"scale", "B", "mean", "var"};
    Constant parameters[4];
    for (int i = 0; i < 4; ++i) {
        const OnnxTensor &tensor = node.floats(i + 1, roles[i]);
        node.expect_dims(roles[i], tensor.dims, {c});
        parameters[i] = tensor.floats;
    }
    std::vector<float> scale(c), shift(c);
    for (int64_t i = 0; i < c; ++i) {
        const double slope = (*parameters[0])[i] / std::sqrt(double((*parameters[3])[i]) + epsilon);
        scale[i] = float(slope);
        shift[i] = float((*parameters[1])[i] - (*parameters[2])[i] * slope);
    }
    const bool is_finite = std::ranges::all_of(scale, [](float x) { return std::isfinite(x); });
    if (!is_finite) {
        node.builder().warn("node '" + node.name() + "' (" + node.op_type() +
                            "): var + epsilon gives a scale that is NaN or infinite");
    }
    ScaleShift scale_shift{make_constant(std::move(scale)), make_constant(std::move(shift)), {}};
    node.output(scale_shift, {input}, dims);
}

void import_dropout(OnnxNode &node) {
    if (node.has_input(2)) {
        const OnnxTensor &training_mode = node.integers(2, "training_mode");
        if (training_mode.integers != std::vector<int64_t>{0}) {
            node.fail("training_mode is on, expected inference");
        }
    }
    node.output_same_as(0);
}

void import_identity(OnnxNode &node) {
    node.output_same_as(0);
}

}  // namespace convoy
