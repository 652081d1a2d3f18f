#include "compiler/plan/image_loop.h"

#include <algorithm>

#include "compiler/plan/node_kernel.h"

namespace convoy {

namespace {

bool keeps_images_apart(const Graph &graph, const Node &node) {
    if (std::holds_alternative<FullyConnected>(node.operation))
        return false;  // all weights, no use
    if (const auto *conv = std::get_if<Conv2d>(&node.operation)) return conv->has_constants();
    const auto *concat = std::get_if<Concat>(&node.operation);
    return !needs_nchw(graph, node) && (!concat || concat->axis != 0);
}

// Of the views of a kernel, those of one image already are broadcast.
struct OneImage {
    int images;

    void operator()(View &view) const {
        if (view.mb == images) view.mb = 1;
    }
    void operator()(std::optional<View> &view) const {
        if (view) (*this)(*view);
    }

    template<typename K>
    void operator()(K &kernel) const {
        (*this)(kernel.input), (*this)(kernel.output);
        if constexpr (requires { kernel.problem.mb; }) kernel.problem.mb = 1;
        if constexpr (requires { kernel.depthwise.mb; }) kernel.depthwise.mb = 1;
        if constexpr (requires { kernel.residual; }) (*this)(kernel.residual);
        if constexpr (requires { kernel.addend; }) (*this)(kernel.addend);
    }
};

}  // namespace

ImageLoop longest_image_loop(const Graph &graph) {
    if (graph.inputs.empty() || graph.values[graph.inputs[0]].dims.empty()) return {};
    ImageLoop loop{(int)graph.values[graph.inputs[0]].dims[0], 0};
    if (loop.images <= 1) return {};
    const auto has = [&](ValueId v, int images) {
        const auto &dims = graph.values[v].dims;
        return dims.size() >= 2 && dims[0] == images;
    };
    std::vector<bool> is_literal(graph.values.size(), false);
    for (const Node &node : graph.nodes) {
        is_literal[node.output] = std::holds_alternative<Literal>(node.operation);
        const bool fits = is_literal[node.output] ||
                          (has(node.output, loop.images) && keeps_images_apart(graph, node) &&
                           std::ranges::all_of(node.inputs, [&](ValueId input) {
                               return has(input, is_literal[input] ? 1 : loop.images);
                           }));
        if (!fits) break;
        loop.nodes++;
    }
    return loop;
}

Kernel for_one_image(Kernel kernel, int images) {
    std::visit(OneImage{images}, kernel);
    return kernel;
}

}  // namespace convoy
