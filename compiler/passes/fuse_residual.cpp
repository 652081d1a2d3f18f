#include "compiler/passes/fuse_residual.h"

#include "compiler/passes/rewrite.h"

namespace convoy {

namespace {

// The node that writes the value, if it is a convolution that can take a residual; else -1.
int find_conv(const Graph &graph, ValueId value) {
    const int producer = graph.producer(value);
    if (producer < 0 || graph.uses(value) != 1) return -1;
    const Conv2d *conv = last_conv(graph.nodes[producer].operation);
    const bool is_free = conv && is_none(conv->activation) && !conv->has_residual;
    return is_free ? producer : -1;
}

bool is_commutative(Combine combine) {
    return combine == Combine::add || combine == Combine::mul || combine == Combine::min ||
           combine == Combine::max;
}

// A plane's worth for each channel, or one element: what a convolution can take for a residual.
bool fits(const std::vector<int64_t> &residual, const std::vector<int64_t> &output) {
    if (residual.size() != output.size() || output.size() != 4) return false;
    const auto is_met = [&](size_t d) { return residual[d] == output[d] || residual[d] == 1; };
    return is_met(0) && residual[1] == output[1] && is_met(2) && is_met(3);
}

// Whether the Binary reads the convolution's output and what fits beside it.
bool can_join(const Graph &graph, const Node &binary, int conv_input) {
    const auto &output = graph.values[binary.output].dims;
    return graph.values[binary.inputs[conv_input]].dims == output &&
           fits(graph.values[binary.inputs[1 - conv_input]].dims, output);
}

bool fuse_into_conv(Graph &graph, int n) {
    const Node add = graph.nodes[n];
    const Combine combine = std::get<Binary>(add.operation).combine;
    // Padding lanes hold zeros, which would be divided by one another.
    if (combine == Combine::div || combine == Combine::pow) return false;
    const int first = can_join(graph, add, 0) ? find_conv(graph, add.inputs[0]) : -1;
    const int second =
        is_commutative(combine) && can_join(graph, add, 1) ? find_conv(graph, add.inputs[1]) : -1;
    // The later of two: the earlier one's output is then likely to be in memory already.
    const int chosen = first > second ? first : second;
    if (chosen < 0) return false;
    Node node = graph.nodes[chosen];
    Conv2d &conv = *last_conv(node.operation);
    conv.has_residual = true;
    conv.activation = std::get<Binary>(add.operation).activation;
    conv.combine = combine;
    node.inputs.insert(node.inputs.begin() + 1, chosen == first ? add.inputs[1] : add.inputs[0]);
    node.output = add.output;
    // At the Binary's place, because the residual may be computed after the convolution was.
    graph.nodes[n] = std::move(node);
    erase_node(graph, chosen);
    return true;
}

}  // namespace

bool fuse_residual(Graph &graph) {
    bool is_changed = false;
    for (int n = 0; n < int(graph.nodes.size());) {
        const bool is_fused =
            std::holds_alternative<Binary>(graph.nodes[n].operation) && fuse_into_conv(graph, n);
        is_changed = is_changed || is_fused;
        // Fusing removes an earlier node, so that n already is the next one.
        if (!is_fused) ++n;
    }
    return is_changed;
}

}  // namespace convoy
