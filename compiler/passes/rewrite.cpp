#include "compiler/passes/rewrite.h"

#include <algorithm>

namespace convoy {

Activation *activation_of(Operation &operation) {
    if (Conv2d *conv = last_conv(operation)) return &conv->activation;
    return std::visit(
        [](auto &op) -> Activation * {
            if constexpr (requires { op.activation; }) return &op.activation;
            return nullptr;
        },
        operation);
}

int sole_reader(const Graph &graph, ValueId value) {
    if (graph.uses(value) != 1) return -1;
    for (size_t n = 0; n < graph.nodes.size(); ++n) {
        if (std::ranges::count(graph.nodes[n].inputs, value)) return int(n);
    }
    return -1;
}

void erase_node(Graph &graph, int node) {
    graph.nodes.erase(graph.nodes.begin() + node);
}

}  // namespace convoy
