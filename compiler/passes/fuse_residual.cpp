#include "compiler/passes/fuse_residual.h"

#include "compiler/passes/rewrite.h"

namespace convoy {

namespace {

// The node that writes the value, if it is a convolution that can take a residual; else -1.
int find_conv(const Graph &graph, ValueId value) {
    const int producer = graph.producer(value);
    if (producer < 0 || graph.uses(value) != 1) return -1;
    const auto *conv = std::get_if<Conv2d>(&graph.nodes[producer].operation);
    const bool is_free = conv && is_none(conv->activation) && !conv->has_residual;
    return is_free ? producer : -1;
}

bool fuse_into_conv(Graph &graph, int n) {
    const Node add = graph.nodes[n];
    const int first = find_conv(graph, add.inputs[0]), second = find_conv(graph, add.inputs[1]);
    // The later of two: the earlier one's output is then likely to be in memory already.
    const int chosen = first > second ? first : second;
    if (chosen < 0) return false;
    Node node = graph.nodes[chosen];
    auto &conv = std::get<Conv2d>(node.operation);
    conv.has_residual = true;
    conv.activation = std::get<Add>(add.operation).activation;
    node.inputs.push_back(chosen == first ? add.inputs[1] : add.inputs[0]);
    node.output = add.output;
    // At the Add's place, because the residual may be computed after the convolution was.
    graph.nodes[n] = std::move(node);
    erase_node(graph, chosen);
    return true;
}

}  // namespace

bool fuse_residual(Graph &graph) {
    bool is_changed = false;
    for (int n = 0; n < int(graph.nodes.size());) {
        const bool is_fused =
            std::holds_alternative<Add>(graph.nodes[n].operation) && fuse_into_conv(graph, n);
        is_changed = is_changed || is_fused;
        // Fusing removes an earlier node, so that n already is the next one.
        if (!is_fused) ++n;
    }
    return is_changed;
}

}  // namespace convoy
