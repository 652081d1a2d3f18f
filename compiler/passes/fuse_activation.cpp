#include "compiler/passes/fuse_activation.h"

#include <algorithm>
#include <limits>

#include "compiler/passes/rewrite.h"

namespace convoy {

namespace {

constexpr float highest = std::numeric_limits<float>::max();

struct Range {
    float low, high;
};

Range range_of(const Activation &activation) {
    if (activation.kind == Activation::Kind::relu) return {0, highest};
    return {activation.alpha, activation.beta};
}

bool is_clipping(const Activation &activation) {
    return activation.kind == Activation::Kind::relu || activation.kind == Activation::Kind::clip;
}

bool fuse_into_producer(Graph &graph, int n) {
    const Node node = graph.nodes[n];
    const int producer = graph.producer(node.inputs[0]);
    if (producer < 0 || graph.uses(node.inputs[0]) != 1) return false;
    Activation *activation = activation_of(graph.nodes[producer].operation);
    if (!activation) return false;
    const auto both = compose(*activation, std::get<Activate>(node.operation).activation);
    if (!both || !is_finite_at_zero(*both)) return false;
    *activation = *both;
    graph.nodes[producer].output = node.output;
    erase_node(graph, n);
    return true;
}

}  // namespace

std::optional<Activation> compose(const Activation &first, const Activation &second) {
    if (is_none(first)) return second;
    if (is_none(second)) return first;
    if (!is_clipping(first) || !is_clipping(second)) return {};
    // Each is monotone and flat outside its range, so the ends of the first decide.
    const Range a = range_of(first), b = range_of(second);
    const float low = std::min(std::max(a.low, b.low), b.high);
    const float high = std::min(std::max(a.high, b.low), b.high);
    if (low == 0 && high == highest) return Activation::relu();
    return Activation::clip(low, high);
}

bool fuse_activation(Graph &graph) {
    bool is_changed = false;
    for (int n = 0; n < int(graph.nodes.size());) {
        const bool is_fused = std::holds_alternative<Activate>(graph.nodes[n].operation) &&
                              fuse_into_producer(graph, n);
        is_changed = is_changed || is_fused;
        if (!is_fused) ++n;
    }
    return is_changed;
}

}  // namespace convoy
