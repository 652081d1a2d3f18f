#include "generators/layer.h"

#include <algorithm>
#include <stdexcept>
#include <vector>

namespace convoy {

namespace {

// "bias", "add", "clip(0,6)": what stands behind each '+', but for those inside parentheses.
std::vector<std::string> split_epilogue(const std::string &text) {
    std::vector<std::string> parts;
    int depth = 0;
    for (char c : text) {
        depth += (c == '(') - (c == ')');
        if (c == '+' && depth <= 0) {
            parts.emplace_back();
        } else {
            parts.back() += c;
        }
    }
    return parts;
}

}  // namespace

std::string to_string(const Layer &layer) {
    std::string text = to_string(layer.problem);
    if (!layer.name.empty()) text += "n\"" + layer.name + "\"";
    if (layer.has_bias) text += "+bias";
    if (layer.has_addend) text += "+add";
    if (layer.activation != Activation{}) text += "+" + to_string(layer.activation);
    return text;
}

Layer parse_layer(const std::string &descriptor) {
    Layer layer;
    layer.problem = parse_conv_problem(descriptor);
    const size_t quote = descriptor.find('"');
    const size_t end = quote == std::string::npos ? 0 : descriptor.find('"', quote + 1);
    if (end > 0) layer.name = descriptor.substr(quote + 1, end - quote - 1);
    const size_t plus = descriptor.find('+', end);
    if (plus == std::string::npos) return layer;

    const auto fail = [&](const std::string &what) {
        throw std::invalid_argument("layer descriptor '" + descriptor + "': " + what);
    };
    // In this order, each at most once.
    const std::vector<std::string> parts = split_epilogue(descriptor.substr(plus));
    size_t at = 0;
    const auto take = [&](const char *part) {
        const bool is_there = at < parts.size() && parts[at] == part;
        at += is_there;
        return is_there;
    };
    layer.has_bias = take("bias");
    layer.has_addend = take("add");
    if (at == parts.size()) return layer;
    try {
        layer.activation = parse_activation(parts[at++]);
    } catch (const std::invalid_argument &error) {
        fail(std::string(error.what()) + "; an epilogue is +bias+add+ACTIVATION, in this order");
    }
    if (at < parts.size())
        fail("found '+" + parts[at] + "', expected the end after '+" + parts[at - 1] +
             "': an epilogue is +bias+add+ACTIVATION, in this order");
    return layer;
}

}  // namespace convoy
