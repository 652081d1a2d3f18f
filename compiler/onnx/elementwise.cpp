// Operators that work element by element, and those that inference leaves out.

#include <algorithm>
#include <cmath>
#include <limits>

#include "compiler/onnx/operators.h"

namespace convoy {

namespace {

constexpr float lowest = std::numeric_limits<float>::lowest();
constexpr float highest = std::numeric_limits<float>::max();

Constant make_constant(std::vector<float> data) {
    return std::make_shared<const std::vector<float>>(std::move(data));
}

int64_t channels(const OnnxNode &node, const std::vector<int64_t> &dims) {
    if (dims.size() < 2) {
        node.fail("input is " + dims_text(dims) + ", expected channels in dimension 1");
    }
    return dims[1];
}

// The addend of each channel, from a constant that ONNX broadcasts over the activation.
Constant channel_addend(const OnnxNode &node, const OnnxTensor &addend,
                        const std::vector<int64_t> &dims) {
    const int64_t c = channels(node, dims);
    if (addend.floats->size() == 1 && addend.dims.size() <= dims.size()) {
        return make_constant(std::vector<float>(c, addend.floats->front()));
    }
    std::vector<int64_t> per_channel(dims.size(), 1), aligned(dims.size(), 1);
    per_channel[1] = c;
    if (addend.dims.size() <= dims.size()) {
        std::ranges::copy_backward(addend.dims, aligned.end());
    }
    if (aligned != per_channel) {
        node.fail("constant addend is " + dims_text(addend.dims) + ", expected one element or " +
                  dims_text(per_channel));
    }
    return addend.floats;
}

void add_channel_constants(OnnxNode &node, int activation_index) {
    const ValueId input = node.activation(activation_index, "input");
    const auto dims = node.dims(input);
    ScaleShift scale_shift;
    scale_shift.shift = channel_addend(node, node.floats(1 - activation_index, "addend"), dims);
    scale_shift.scale = make_constant(std::vector<float>(scale_shift.shift->size(), 1.0f));
    node.output(scale_shift, {input}, dims);
}

void add_constants(OnnxNode &node) {
    const OnnxTensor *a = &node.floats(0, "addend"), *b = &node.floats(1, "addend");
    if (a->dims.size() < b->dims.size()) std::swap(a, b);
    if (a->dims != b->dims && b->floats->size() != 1) {
        node.fail("constant addends are " + dims_text(a->dims) + " and " + dims_text(b->dims) +
                  ", expected equal dims or one element");
    }
    OnnxTensor sum = *a;
    std::vector<float> data = *a->floats;
    const size_t step = b->floats->size() == 1 ? 0 : 1;
    for (size_t i = 0; i < data.size(); ++i) data[i] += (*b->floats)[i * step];
    sum.floats = make_constant(std::move(data));
    node.output_constant(std::move(sum));
}

float clip_limit(const OnnxNode &node, int index, const char *what, float otherwise) {
    float limit = otherwise;
    if (node.has_attribute(what)) {
        limit = node.attribute_float(what, otherwise);
    } else if (node.has_input(index)) {
        limit = node.scalar(index, what);
    }
    if (std::isnan(limit)) node.fail(std::string(what) + " is NaN");
    return std::clamp(limit, lowest, highest);
}

}  // namespace

void import_add(OnnxNode &node) {
    if (!node.has_input(0) || !node.has_input(1)) node.fail("an addend is missing");
    if (node.is_constant(0) && node.is_constant(1)) return add_constants(node);
    if (node.is_constant(0)) return add_channel_constants(node, 1);
    if (node.is_constant(1)) return add_channel_constants(node, 0);
    const ValueId a = node.activation(0, "addend"), b = node.activation(1, "addend");
    const auto dims = node.dims(a);
    if (dims != node.dims(b)) {
        node.fail("addends are " + dims_text(dims) + " and " + dims_text(node.dims(b)) +
                  ", expected equal dims");
    }
    node.output(Add{}, {a, b}, dims);
}

void import_batch_normalization(OnnxNode &node) {
    node.expect_attribute("spatial", 1);
    node.expect_attribute("training_mode", 0);
    const float epsilon = node.attribute_float("epsilon", 1e-5f);
    const ValueId input = node.activation(0, "input");
    const auto dims = node.dims(input);
    const int64_t c = channels(node, dims);
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

void import_clip(OnnxNode &node) {
    const ValueId input = node.activation(0, "input");
    // Opset 11 moved the limits from attributes to inputs.
    const bool has_attributes = node.has_attribute("min") || node.has_attribute("max");
    if (has_attributes && (node.opset() >= 11 || node.input_count() > 1)) {
        node.fail("attributes 'min' and 'max' in opset " + std::to_string(node.opset()) +
                  ", expected inputs from opset 11 on and no inputs before it");
    }
    const float high = clip_limit(node, 2, "max", highest);
    // Where the limits cross, every element becomes the maximum.
    const float low = std::min(clip_limit(node, 1, "min", lowest), high);
    if (low == lowest && high == highest) return node.output_same_as(0);
    const bool is_relu = low == 0 && high == highest;
    node.output(Activate{is_relu ? Activation::relu() : Activation::clip(low, high)}, {input},
                node.dims(input));
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

void import_relu(OnnxNode &node) {
    const ValueId input = node.activation(0, "input");
    node.output(Activate{Activation::relu()}, {input}, node.dims(input));
}

}  // namespace convoy
