// Operators that apply one function to each element.

#include <algorithm>
#include <cmath>
#include <limits>

#include "compiler/onnx/operators.h"

namespace convoy {

namespace {

using Kind = Activation::Kind;

constexpr float lowest = std::numeric_limits<float>::lowest();
constexpr float highest = std::numeric_limits<float>::max();

struct Unary {
    const char *op_type;
    Kind kind;
    float alpha = 0, beta = 0;  // where the attributes of these names are absent
};

constexpr Unary functions[] = {
    {"Abs", Kind::abs},
    {"Ceil", Kind::ceil},
    {"Elu", Kind::elu, 1},
    {"Erf", Kind::erf},
    {"Exp", Kind::exp},
    {"Floor", Kind::floor},
    {"HardSigmoid", Kind::hard_sigmoid, 0.2f, 0.5f},
    {"HardSwish", Kind::hard_swish},
    {"LeakyRelu", Kind::leaky_relu, 0.01f},
    {"Log", Kind::log},
    {"Mish", Kind::mish},
    {"Neg", Kind::neg},
    {"Reciprocal", Kind::reciprocal},
    {"Relu", Kind::relu},
    {"Round", Kind::round},
    {"Sigmoid", Kind::sigmoid},
    {"Sign", Kind::sign},
    {"Softplus", Kind::softplus},
    {"Softsign", Kind::softsign},
    {"Sqrt", Kind::sqrt},
    {"Tanh", Kind::tanh},
};

void output_activation(OnnxNode &node, const Activation &activation) {
    const ValueId input = node.operand(0, "input");
    node.output(Activate{activation}, {input}, node.dims(input));
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

void import_unary(OnnxNode &node) {
    for (const Unary &known : functions) {
        if (node.op_type() != known.op_type) continue;
        const float alpha = node.attribute_float("alpha", known.alpha);
        const float beta = node.attribute_float("beta", known.beta);
        if (!std::isfinite(alpha) || !std::isfinite(beta))
            node.fail("attribute 'alpha' or 'beta' is infinite or NaN, expected numbers");
        return output_activation(node, {known.kind, alpha, beta});
    }
}

// gamma * elu(x)
void import_selu(OnnxNode &node) {
    const float alpha = node.attribute_float("alpha", 1.67326319217681884765625f);
    const float gamma = node.attribute_float("gamma", 1.05070102214813232421875f);
    const ValueId input = node.operand(0, "input");
    const ValueId elu = node.intermediate(Activate{{Kind::elu, alpha}}, {input}, node.dims(input));
    node.output(scaled(node, elu, gamma));
}

// alpha * elu(x / alpha)
void import_celu(OnnxNode &node) {
    const float alpha = node.attribute_float("alpha", 1);
    if (!std::isnormal(alpha) || !std::isnormal(1 / alpha))
        node.fail("attribute 'alpha' is " + exact_text(alpha) + ", expected a number but 0");
    const ValueId input = scaled(node, node.operand(0, "input"), 1 / alpha);
    const ValueId elu = node.intermediate(Activate{{Kind::elu, 1}}, {input}, node.dims(input));
    node.output(scaled(node, elu, alpha));
}

void import_gelu(OnnxNode &node) {
    const std::string approximate = node.attribute_string("approximate", "none");
    if (approximate != "none" && approximate != "tanh")
        node.fail("attribute 'approximate' is '" + approximate + "', expected none or tanh");
    output_activation(node, {approximate == "tanh" ? Kind::gelu_tanh : Kind::gelu});
}

void import_swish(OnnxNode &node) {
    const float alpha = node.attribute_float("alpha", 1);
    if (alpha != 1)
        node.fail("attribute 'alpha' is " + exact_text(alpha) + ", only 1 is supported");
    output_activation(node, {Kind::silu});
}

void import_clip(OnnxNode &node) {
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
    output_activation(node, is_relu ? Activation::relu() : Activation::clip(low, high));
}

}  // namespace convoy
