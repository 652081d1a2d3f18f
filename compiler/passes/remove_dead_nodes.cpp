#include "compiler/passes/remove_dead_nodes.h"

#include "compiler/passes/rewrite.h"

namespace convoy {

namespace {

bool remove_unused_values(Graph &graph) {
    std::vector<bool> is_used(graph.values.size(), false);
    for (ValueId input : graph.inputs) is_used[input] = true;
    for (const Node &node : graph.nodes) is_used[node.output] = true;

    std::vector<ValueId> renumbered(graph.values.size(), -1);
    std::vector<Value> kept;
    for (size_t v = 0; v < graph.values.size(); ++v) {
        if (!is_used[v]) continue;
        renumbered[v] = ValueId(kept.size());
        kept.push_back(std::move(graph.values[v]));
    }
    const bool is_changed = kept.size() != graph.values.size();
    graph.values = std::move(kept);
    for (Node &node : graph.nodes) {
        for (ValueId &input : node.inputs) input = renumbered[input];
        node.output = renumbered[node.output];
    }
    for (ValueId &input : graph.inputs) input = renumbered[input];
    for (ValueId &output : graph.outputs) output = renumbered[output];
    return is_changed;
}

}  // namespace

bool remove_dead_nodes(Graph &graph) {
    bool is_changed = false;
    // From the end, so that what only a dead node reads is found dead too.
    for (int n = int(graph.nodes.size()) - 1; n >= 0; --n) {
        if (graph.uses(graph.nodes[n].output) > 0) continue;
        erase_node(graph, n);
        is_changed = true;
    }
    return remove_unused_values(graph) || is_changed;
}

}  // namespace convoy
