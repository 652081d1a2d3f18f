#include "compiler/passes/fold_scale_shift.h"

#include <algorithm>

#include "compiler/passes/rewrite.h"

namespace convoy {

namespace {

using Floats = std::vector<float>;

Constant share(Floats data) {
    return std::make_shared<const Floats>(std::move(data));
}

// scale * x: rows of the weights belong to output channels.
Constant scale_rows(const Floats &weights, const Floats &scale) {
    Floats scaled(weights.size());
    const size_t row = weights.size() / scale.size();
    for (size_t i = 0; i < weights.size(); ++i) {
        scaled[i] = float(double(weights[i]) * scale[i / row]);
    }
    return share(std::move(scaled));
}

// scale * x + shift
Constant scale_and_shift(const Floats &x, const ScaleShift &after) {
    Floats result(x.size());
    for (size_t i = 0; i < x.size(); ++i) {
        result[i] = float(double(x[i]) * (*after.scale)[i] + (*after.shift)[i]);
    }
    return share(std::move(result));
}

// Makes `operation` do what `after` does behind it; false when it cannot.
bool absorb(Operation &operation, const ScaleShift &after) {
    if (Conv2d *conv = last_conv(operation)) {
        // A residual joins behind the weights, so scaling them would not scale it.
        if (!is_none(conv->activation) || conv->has_residual || !conv->has_constants())
            return false;
        conv->weights = scale_rows(*conv->weights, *after.scale);
        if (auto *two_level = std::get_if<TwoLevelConv2d>(&operation))
            two_level->spread = scale_rows(*two_level->spread, *after.scale);
        conv->bias = scale_and_shift(*conv->bias, after);
        conv->activation = after.activation;
        return true;
    }
    if (auto *fc = std::get_if<FullyConnected>(&operation)) {
        if (!is_none(fc->activation)) return false;
        fc->weights = scale_rows(*fc->weights, *after.scale);
        fc->bias = scale_and_shift(*fc->bias, after);
        fc->activation = after.activation;
        return true;
    }
    if (auto *before = std::get_if<ScaleShift>(&operation)) {
        if (!is_none(before->activation)) return false;
        before->scale = scale_rows(*before->scale, *after.scale);
        before->shift = scale_and_shift(*before->shift, after);
        before->activation = after.activation;
        return true;
    }
    return false;
}

bool fold_into_producer(Graph &graph, int n) {
    const Node node = graph.nodes[n];
    const int producer = graph.producer(node.inputs[0]);
    if (producer < 0 || graph.uses(node.inputs[0]) != 1) return false;
    if (!absorb(graph.nodes[producer].operation, std::get<ScaleShift>(node.operation)))
        return false;
    graph.nodes[producer].output = node.output;
    erase_node(graph, n);
    return true;
}

// conv(scale * x + shift) = conv'(x): columns of the weights belong to input channels.
void scale_columns(Conv2d &conv, const ScaleShift &before) {
    const ConvProblem &p = conv.problem;
    const int taps = p.kh * p.kw;
    Floats weights(conv.weights->size()), bias(p.oc);
    size_t w = 0;
    for (int oc = 0; oc < p.oc; ++oc) {
        double sum = (*conv.bias)[oc];
        const int first_ic = oc / p.oc_per_group() * p.ic_per_group();
        for (int i = 0; i < p.ic_per_group(); ++i) {
            const double scale = (*before.scale)[first_ic + i];
            const double shift = (*before.shift)[first_ic + i];
            for (int tap = 0; tap < taps; ++tap, ++w) {
                weights[w] = float((*conv.weights)[w] * scale);
                sum += (*conv.weights)[w] * shift;
            }
        }
        bias[oc] = float(sum);
    }
    conv.weights = share(std::move(weights));
    conv.bias = share(std::move(bias));
}

bool fold_into_reader(Graph &graph, int n) {
    const Node &node = graph.nodes[n];
    const auto &before = std::get<ScaleShift>(node.operation);
    const int reader = sole_reader(graph, node.output);
    if (reader < 0 || !is_none(before.activation)) return false;
    auto *conv = std::get_if<Conv2d>(&graph.nodes[reader].operation);
    if (!conv || !conv->has_constants() || graph.nodes[reader].inputs[0] != node.output)
        return false;
    // The pads join behind the shift: they are not shifted.
    const ConvProblem &p = conv->problem;
    const bool has_pads = p.ph || p.pw || p.ph_end || p.pw_end;
    const bool has_shift = std::ranges::any_of(*before.shift, [](float x) { return x != 0; });
    if (has_pads && has_shift) return false;
    scale_columns(*conv, before);
    graph.nodes[reader].inputs[0] = node.inputs[0];
    erase_node(graph, n);
    return true;
}

}  // namespace

bool fold_scale_shift(Graph &graph) {
    bool is_changed = false;
    for (int n = 0; n < int(graph.nodes.size());) {
        const bool is_folded = std::holds_alternative<ScaleShift>(graph.nodes[n].operation) &&
                               (fold_into_producer(graph, n) || fold_into_reader(graph, n));
        is_changed = is_changed || is_folded;
        if (!is_folded) ++n;
    }
    return is_changed;
}

}  // namespace convoy
