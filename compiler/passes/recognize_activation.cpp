#include "compiler/passes/recognize_activation.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <optional>

#include "compiler/passes/rewrite.h"

namespace convoy {

namespace {

using Kind = Activation::Kind;

bool is_near(double x, double expected) {
    return std::abs(x - expected) <= 1e-5 * std::abs(expected);
}

template<typename Op>
const Op *producing(const Graph &graph, ValueId value) {
    const int producer = graph.producer(value);
    return producer < 0 ? nullptr : std::get_if<Op>(&graph.nodes[producer].operation);
}

ValueId input_of(const Graph &graph, ValueId value) {
    return graph.nodes[graph.producer(value)].inputs[0];
}

// The value whose function of this kind `value` is, and the function.
struct Application {
    ValueId of;
    Activation activation;
};

std::optional<Application> application(const Graph &graph, ValueId value) {
    const auto *activate = producing<Activate>(graph, value);
    if (!activate) return {};
    return Application{input_of(graph, value), activate->activation};
}

// value = scale * of + shift with one scale and one shift for all channels.
struct Line {
    ValueId of;
    double scale, shift;
};

bool is_one_value(const std::vector<float> &values) {
    return std::ranges::all_of(values, [&](float x) { return x == values[0]; });
}

Line line(const Graph &graph, ValueId value) {
    const auto *found = producing<ScaleShift>(graph, value);
    if (!found || !is_none(found->activation) || !is_one_value(*found->scale) ||
        !is_one_value(*found->shift))
        return {value, 1, 0};
    return {input_of(graph, value), found->scale->front(), found->shift->front()};
}

// The activation of x that `gate` makes when x is multiplied by it, but for a constant factor.
std::optional<Activation> gated(const Graph &graph, ValueId x, ValueId gate, double &factor) {
    const auto function = application(graph, gate);
    if (function) {
        const Activation &f = function->activation;
        if (function->of == x && f.kind == Kind::sigmoid) return Activation{Kind::silu};
        if (function->of == x && f.kind == Kind::hard_sigmoid && is_near(f.alpha, 1.0 / 6) &&
            f.beta == 0.5f)
            return Activation{Kind::hard_swish};
        const auto inner = application(graph, function->of);
        if (inner && inner->of == x && f.kind == Kind::tanh &&
            inner->activation.kind == Kind::softplus)
            return Activation{Kind::mish};
        return {};
    }
    const Line sum = line(graph, gate);
    const auto erf = application(graph, sum.of);
    if (!erf || erf->activation.kind != Kind::erf || sum.shift == 0 ||
        !is_near(sum.scale, sum.shift))
        return {};
    const Line argument = line(graph, erf->of);
    if (argument.of != x || argument.shift != 0 ||
        !is_near(argument.scale, 1 / std::numbers::sqrt2))
        return {};
    factor *= 2 * sum.scale;
    return Activation{Kind::gelu};
}

// Turns the product at node n, and the constant factor behind it where one is needed, into an
// Activate.
bool recognize(Graph &graph, int n) {
    const Node node = graph.nodes[n];
    const auto &binary = std::get<Binary>(node.operation);
    if (binary.combine != Combine::mul || !is_none(binary.activation)) return false;
    for (int first : {0, 1}) {
        const ValueId a = node.inputs[first], gate = node.inputs[1 - first];
        const Line given = line(graph, a);
        // The factor may have been put on x beforehand.
        for (const Line &x : {Line{a, 1, 0}, given}) {
            if (x.shift != 0) continue;
            double factor = x.scale;
            const auto activation = gated(graph, x.of, gate, factor);
            if (!activation) continue;
            if (!is_near(factor, 1)) {
                const int reader = sole_reader(graph, node.output);
                if (reader < 0 ||
                    !std::holds_alternative<ScaleShift>(graph.nodes[reader].operation))
                    continue;
                const ValueId product = graph.nodes[reader].output;
                const Line after = line(graph, product);
                if (after.of != node.output || after.shift != 0 ||
                    !is_near(factor * after.scale, 1))
                    continue;
                graph.nodes[n] = {node.name, Activate{*activation}, {x.of}, product};
                erase_node(graph, reader);
                return true;
            }
            graph.nodes[n] = {node.name, Activate{*activation}, {x.of}, node.output};
            return true;
        }
    }
    return false;
}

}  // namespace

bool recognize_activation(Graph &graph) {
    bool is_changed = false;
    for (int n = 0; n < int(graph.nodes.size()); ++n) {
        if (std::holds_alternative<Binary>(graph.nodes[n].operation))
            is_changed = recognize(graph, n) || is_changed;
    }
    return is_changed;
}

}  // namespace convoy
