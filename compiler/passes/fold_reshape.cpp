#include "compiler/passes/fold_reshape.h"

#include <algorithm>

#include "compiler/passes/rewrite.h"

namespace convoy {

namespace {

// Whether the node computes the same from the Reshape's input as from its output.
bool sees_order_only(const Node &node, const Value &reshaped_from) {
    if (std::holds_alternative<Reshape>(node.operation)) return true;
    const auto *fc = std::get_if<FullyConnected>(&node.operation);
    return fc && !reshaped_from.dims.empty() && reshaped_from.dims[0] == fc->mb;
}

bool bypass(Graph &graph, const Node &reshape) {
    bool is_changed = false;
    for (Node &reader : graph.nodes) {
        if (reader.inputs.empty() || reader.inputs[0] != reshape.output) continue;
        if (!sees_order_only(reader, graph.values[reshape.inputs[0]])) continue;
        reader.inputs[0] = reshape.inputs[0];
        is_changed = true;
    }
    return is_changed;
}

bool is_output(const Graph &graph, ValueId value) {
    return std::ranges::count(graph.outputs, value) > 0;
}

void replace_reads(Graph &graph, ValueId from, ValueId to) {
    for (Node &node : graph.nodes) std::ranges::replace(node.inputs, from, to);
}

// Removes a Reshape to equal dims; one between a graph input or output and an output is a copy that
// must stay.
bool remove_identity(Graph &graph, int n) {
    const ValueId input = graph.nodes[n].inputs[0], output = graph.nodes[n].output;
    if (graph.values[input].dims != graph.values[output].dims) return false;
    if (!is_output(graph, output)) {
        replace_reads(graph, output, input);
    } else {
        const int producer = graph.producer(input);
        if (producer < 0 || is_output(graph, input)) return false;
        graph.nodes[producer].output = output;
        replace_reads(graph, input, output);
    }
    erase_node(graph, n);
    return true;
}

}  // namespace

bool fold_reshape(Graph &graph) {
    bool is_changed = false;
    for (int n = 0; n < int(graph.nodes.size());) {
        const bool is_reshape = std::holds_alternative<Reshape>(graph.nodes[n].operation);
        if (is_reshape && bypass(graph, Node(graph.nodes[n]))) is_changed = true;
        const bool is_removed = is_reshape && remove_identity(graph, n);
        is_changed = is_changed || is_removed;
        if (!is_removed) ++n;
    }
    return is_changed;
}

}  // namespace convoy
