#include "compiler/passes/fuse_separable.h"

#include "compiler/passes/rewrite.h"

namespace convoy {

namespace {

bool fuse_with_reader(Graph &graph, int n,
                      const std::function<bool(const SeparableConv2d &)> &wins) {
    const auto *depthwise = std::get_if<Conv2d>(&graph.nodes[n].operation);
    if (!depthwise || !depthwise->has_constants() || !is_depthwise(depthwise->problem) ||
        depthwise->has_residual)
        return false;
    const int reader = sole_reader(graph, graph.nodes[n].output);
    if (reader < 0) return false;
    Node &node = graph.nodes[reader];
    const auto *pointwise = std::get_if<Conv2d>(&node.operation);
    if (!pointwise || !pointwise->has_constants() || !is_pointwise(pointwise->problem) ||
        node.inputs[0] != graph.nodes[n].output)
        return false;
    SeparableConv2d fused{*depthwise, *pointwise};
    if (!wins(fused)) return false;
    node.name = graph.nodes[n].name + " + " + node.name;
    node.inputs[0] = graph.nodes[n].inputs[0];
    node.operation = std::move(fused);
    erase_node(graph, n);
    return true;
}

}  // namespace

bool fuse_separable(Graph &graph, const std::function<bool(const SeparableConv2d &)> &wins) {
    bool is_changed = false;
    for (int n = 0; n < int(graph.nodes.size()); ++n)
        is_changed = fuse_with_reader(graph, n, wins) || is_changed;
    return is_changed;
}

}  // namespace convoy
