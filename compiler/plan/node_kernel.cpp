#include "compiler/plan/node_kernel.h"

#include <stdexcept>

namespace convoy {

View value_view(const Value &value, Layout layout, int vector) {
    const auto dim = [&](size_t at) { return at < value.dims.size() ? (int)value.dims[at] : 1; };
    int w = 1;
    for (size_t at = 3; at < value.dims.size(); at++) w *= dim(at);
    if (value.dims.size() < 2) return make_view(1, dim(0), 1, 1, layout, vector);
    return make_view(dim(0), dim(1), dim(2), w, layout, vector);
}

View flat_view(const View &view) {
    const int block = view.layout.block;
    View flat{.mb = view.mb, .c = (int)((view.c + block - 1) / block * view.plane_stride())};
    flat.blocks = (int)view.image_stride();
    return flat;
}

Halo halo_needed(const Node &node) {
    const auto *conv = std::get_if<Conv2d>(&node.operation);
    if (!conv) return {};
    const ConvProblem &p = conv->problem;
    // The last window may end before the padded input does; a stride can also leave it short of the
    // input itself.
    const auto end = [](int o, int k, int s, int d, int i, int pad) {
        return std::max(0, (o - 1) * s + (k - 1) * d + 1 - i - pad);
    };
    return {p.ph, p.pw, end(p.oh, p.kh, p.sh, p.dh, p.ih, p.ph),
            end(p.ow, p.kw, p.sw, p.dw, p.iw, p.pw)};
}

bool keeps_layout(const Node &node) {
    return std::holds_alternative<ScaleShift>(node.operation) ||
           std::holds_alternative<Add>(node.operation) ||
           std::holds_alternative<Activate>(node.operation) ||
           std::holds_alternative<Pool2d>(node.operation);
}

bool needs_nchw(const Graph &graph, const Node &node) {
    if (std::holds_alternative<Softmax>(node.operation) ||
        std::holds_alternative<Reshape>(node.operation))
        return true;
    const auto *concat = std::get_if<Concat>(&node.operation);
    return concat && (concat->axis != 1 || graph.values[node.output].dims.size() != 4);
}

namespace {

// Dims (outer, axis, 1, inner): how axis operations see an nchw tensor.
View axis_view(const Value &value, int axis) {
    const int rank = (int)value.dims.size();
    int outer = 1, inner = 1;
    for (int d = 0; d < axis; d++) outer *= (int)value.dims[d];
    for (int d = axis + 1; d < rank; d++) inner *= (int)value.dims[d];
    return make_view(outer, (int)value.dims[axis], 1, inner, {}, 1);
}

class Maker {
public:
    Maker(const Graph &graph, const Node &node, const std::vector<Layout> &read, Layout stored,
          int vector)
        : graph_(graph), node_(node), read_(read), stored_(stored), vector_(vector) {}

    Kernel operator()(const Conv2d &conv) const {
        Conv2dKernel kernel{conv.problem, input(0), output(), {}, conv.activation};
        kernel.input.halo = halo_needed(node_);
        if (conv.has_residual) kernel.residual = input(1);
        return kernel;
    }
    Kernel operator()(const FullyConnected &full) const {
        const View flat = flat_view(input(0));
        Conv2dKernel kernel{{}, flat, output(), {}, full.activation};
        kernel.problem.mb = full.mb;
        kernel.problem.ic = flat.c;
        kernel.problem.oc = full.oc;
        return kernel;
    }
    Kernel operator()(const ScaleShift &scale) const {
        return elementwise(true, false, scale.activation);
    }
    Kernel operator()(const Add &add) const { return elementwise(false, true, add.activation); }
    Kernel operator()(const Activate &activate) const {
        return elementwise(false, false, activate.activation);
    }
    Kernel operator()(const Pool2d &pool) const {
        return Pool2dKernel{pool.problem, input(0), output()};
    }
    Kernel operator()(const Softmax &softmax) const {
        const View view = axis_view(graph_.values[node_.output], softmax.axis);
        return SoftmaxKernel{view, view};
    }
    Kernel operator()(const Reshape &) const {
        const View flat{.w = (int)graph_.values[node_.output].count()};
        return ReorderKernel{flat, flat, 0};
    }
    Kernel operator()(const Concat &) const {
        throw std::logic_error(node_.name + ": a concat is several kernels");
    }

private:
    View input(int index) const {
        return value_view(graph_.values[node_.inputs[index]], read_[index], vector_);
    }
    View output() const { return value_view(graph_.values[node_.output], stored_, vector_); }
    Kernel elementwise(bool scale_shift, bool add, const Activation &activation) const {
        ElementwiseKernel kernel{input(0), output(), scale_shift, {}, activation};
        if (add) kernel.addend = input(1);
        return kernel;
    }

    const Graph &graph_;
    const Node &node_;
    const std::vector<Layout> &read_;
    Layout stored_;
    int vector_;
};

}  // namespace

Kernel node_kernel(const Graph &graph, const Node &node, const std::vector<Layout> &read,
                   Layout stored, int vector) {
    return std::visit(Maker(graph, node, read, stored, vector), node.operation);
}

ReorderKernel concat_kernel(const Graph &graph, const Node &node, int index, Layout read,
                            Layout stored, int vector) {
    const int axis = std::get<Concat>(node.operation).axis;
    const Value &in = graph.values[node.inputs[index]], &out = graph.values[node.output];
    int first = 0;
    for (int i = 0; i < index; i++) first += (int)graph.values[node.inputs[i]].dims[axis];
    if (needs_nchw(graph, node)) return {axis_view(in, axis), axis_view(out, axis), first};
    return {value_view(in, read, vector), value_view(out, stored, vector), first};
}

}  // namespace convoy
