#include "compiler/plan/node_kernel.h"

#include <algorithm>
#include <stdexcept>

#include "compiler/broadcast.h"
#include "generators/zero_padded.h"

namespace convoy {

namespace {

constexpr int most_image_channels = 4;

}  // namespace

View value_view(const Value &value, Layout layout, int vector) {
    const auto dim = [&](size_t at) { return at < value.dims.size() ? (int)value.dims[at] : 1; };
    int w = 1;
    for (size_t at = 3; at < value.dims.size(); at++) w *= dim(at);
    if (value.dims.size() < 2) return make_view(1, dim(0), 1, 1, layout, vector);
    if (value.dims.size() == 3) return make_view(dim(0), dim(1), 1, dim(2), layout, vector);
    return make_view(dim(0), dim(1), dim(2), w, layout, vector);
}

View plain_view(const std::vector<int64_t> &dims) {
    if (dims.size() > 4) throw std::logic_error("more than four dims in one view");
    int extents[4] = {1, 1, 1, 1};  // mb, c, h, w
    const int first = dims.size() == 2 ? 1 : 4 - (int)dims.size();
    for (size_t d = 0; d < dims.size(); d++) extents[first + d] = (int)dims[d];
    if (dims.size() == 2) std::swap(extents[2], extents[3]);
    return make_view(extents[0], extents[1], extents[2], extents[3], {}, 1);
}

View flat_view(const View &view) {
    const int block = view.layout.block;
    View flat{
        .mb = view.mb,
        .c = (int)((positions(view.layout, view.c) + block - 1) / block * view.plane_stride())};
    flat.blocks = (int)view.image_stride();
    return flat;
}

int sliced_channel(const Graph &graph, const Node &node) {
    const auto *strided = std::get_if<StridedCopy>(&node.operation);
    const auto &in = graph.values[node.inputs[0]].dims, &out = graph.values[node.output].dims;
    if (!strided || in.size() != 4 || out.size() != 4) return -1;
    const int64_t plane = in[2] * in[3];
    CopyProblem slice = whole_copy({in[0], out[1], in[2], in[3]});
    slice.dims[0].stride = in[1] * plane;
    slice.offset = strided->copy.offset;
    const bool is_slice = out == std::vector<int64_t>{in[0], out[1], in[2], in[3]} &&
                          slice.offset >= 0 && slice.offset % plane == 0 &&
                          slice.offset / plane + out[1] <= in[1] && !strided->copy.has_pads();
    return is_slice && merge_dims(slice) == merge_dims(strided->copy) ? int(slice.offset / plane)
                                                                      : -1;
}

bool is_image(const Graph &graph, ValueId value) {
    const auto &dims = graph.values[value].dims;
    return std::ranges::count(graph.inputs, value) > 0 && dims.size() == 4 &&
           dims[1] <= most_image_channels;
}

Halo halo_needed(const Graph &graph, const Node &node, const Layout &read, const Layout &stored) {
    const Conv2d *conv = first_conv(node.operation);
    if (!conv) return {};
    const bool pads = std::holds_alternative<Conv2d>(node.operation) && conv->problem.g == 1 &&
                      read == Layout{} && stored.block > 1 && is_image(graph, node.inputs[0]);
    return pads ? Halo{} : reach(conv->problem);
}

bool is_packed_input(const Node &node, int index) {
    const auto *conv = std::get_if<Conv2d>(&node.operation);
    return conv && index >= conv->weights_input();
}

bool keeps_layout(const Node &node) {
    const auto *resample = std::get_if<Resample>(&node.operation);
    if (resample) return resample->axis >= 2;
    return std::holds_alternative<ScaleShift>(node.operation) ||
           std::holds_alternative<Binary>(node.operation) ||
           std::holds_alternative<Activate>(node.operation) ||
           std::holds_alternative<Normalize>(node.operation) ||
           std::holds_alternative<Pool2d>(node.operation);
}

namespace {

// Whether a blocked layout will do: planes are broadcast, channels are not.
bool combines_planes(const Graph &graph, const Node &node) {
    const Combine combine = std::get<Binary>(node.operation).combine;
    if (combine == Combine::div || combine == Combine::pow) return false;
    const auto &output = graph.values[node.output].dims;
    return std::ranges::all_of(node.inputs, [&](ValueId input) {
        const auto &dims = graph.values[input].dims;
        return dims == output || (output.size() == 4 && dims[1] == output[1]);
    });
}

}  // namespace

bool needs_nchw(const Graph &graph, const Node &node) {
    if (std::holds_alternative<Softmax>(node.operation) ||
        std::holds_alternative<Reduce>(node.operation) ||
        std::holds_alternative<MatMul>(node.operation) ||
        std::holds_alternative<Reshape>(node.operation))
        return true;
    if (std::holds_alternative<Binary>(node.operation)) return !combines_planes(graph, node);
    if (const auto *normalize = std::get_if<Normalize>(&node.operation)) {
        const bool is_of_pixels = normalize->first == 1 && normalize->last == 2;
        return !is_of_pixels || graph.values[node.output].dims.size() != 4;
    }
    if (const auto *activate = std::get_if<Activate>(&node.operation))
        return !is_finite_at_zero(activate->activation);
    if (std::holds_alternative<StridedCopy>(node.operation)) return sliced_channel(graph, node) < 0;
    if (const auto *resample = std::get_if<Resample>(&node.operation))
        return resample->axis < 2 || graph.values[node.output].dims.size() != 4;
    const auto *concat = std::get_if<Concat>(&node.operation);
    return concat && (concat->axis != 1 || graph.values[node.output].dims.size() != 4);
}

namespace {

// Dims (outer, those of first .. last - 1, 1, inner): how axis operations see an nchw tensor.
View axis_view(const Value &value, int first, int last) {
    int extents[3] = {1, 1, 1};
    for (int d = 0; d < (int)value.dims.size(); d++)
        extents[(d >= first) + (d >= last)] *= (int)value.dims[d];
    return make_view(extents[0], extents[1], 1, extents[2], {}, 1);
}

View axis_view(const Value &value, int axis) {
    return axis_view(value, axis, axis + 1);
}

// Dims (.., rows, columns) as a view whose images and channels are those of `batch`, collapsed.
View matrix_view(const Value &value, const std::vector<int64_t> &batch) {
    std::vector<int64_t> dims = batch;
    dims.insert(dims.end(), value.dims.end() - 2, value.dims.end());
    while (dims.size() < 4) dims.insert(dims.begin(), 1);
    return plain_view(dims);
}

class Maker {
public:
    Maker(const Graph &graph, const Node &node, const std::vector<Layout> &read, Layout stored,
          int vector)
        : graph_(graph), node_(node), read_(read), stored_(stored), vector_(vector) {}

    Kernel operator()(const Conv2d &conv) const {
        Conv2dKernel kernel{.problem = conv.problem};
        return finished(kernel, conv);
    }
    Kernel operator()(const SeparableConv2d &separable) const {
        SeparableConv2dKernel kernel{.depthwise = separable.depthwise.problem,
                                     .oc = separable.pointwise.problem.oc,
                                     .middle = separable.depthwise.activation};
        return finished(kernel, separable.pointwise);
    }
    Kernel operator()(const TwoLevelConv2d &two_level) const {
        TwoLevelConv2dKernel kernel{.problem = two_level.grouped.problem};
        return finished(kernel, two_level.grouped);
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
        return ElementwiseKernel{input(0), output(), true, {}, scale.activation};
    }
    Kernel operator()(const Binary &binary) const {
        if (combines_planes(graph_, node_))
            return ElementwiseKernel{input(0), output(),          false,
                                     input(1), binary.activation, binary.combine};
        const Broadcast plain =
            collapse(dims(node_.output), {dims(node_.inputs[0]), dims(node_.inputs[1])});
        return ElementwiseKernel{
            plain_view(plain.operands[0]), plain_view(plain.output), false,
            plain_view(plain.operands[1]), binary.activation,        binary.combine};
    }
    Kernel operator()(const Activate &activate) const {
        return ElementwiseKernel{input(0), output(), false, {}, activate.activation};
    }
    Kernel operator()(const Pool2d &pool) const {
        return Pool2dKernel{pool.problem, input(0), output()};
    }
    Kernel operator()(const Softmax &softmax) const {
        const View view = axis_view(graph_.values[node_.output], softmax.axis);
        return SoftmaxKernel{view, view, softmax.is_log};
    }
    Kernel operator()(const Reduce &reduce) const {
        const View view = axis_view(graph_.values[node_.inputs[0]], reduce.first, reduce.last);
        return ReduceKernel{view, make_view(view.mb, 1, 1, view.w, {}, 1), reduce.reduction};
    }
    Kernel operator()(const Normalize &normalize) const {
        if (!needs_nchw(graph_, node_))
            return NormalizeKernel{input(0), output(), normalize.epsilon};
        const View view = axis_view(graph_.values[node_.output], normalize.first, normalize.last);
        return NormalizeKernel{view, view, normalize.epsilon};
    }
    Kernel operator()(const MatMul &matmul) const {
        const Value &a = graph_.values[node_.inputs[0]], &b = graph_.values[node_.inputs[1]],
                    &result = graph_.values[node_.output];
        const auto batch = [](const Value &value) {
            return std::vector<int64_t>(value.dims.begin(), value.dims.end() - 2);
        };
        const Broadcast plain = collapse(batch(result), {batch(a), batch(b)});
        return MatMulKernel{matrix_view(a, plain.operands[0]), matrix_view(b, plain.operands[1]),
                            matrix_view(result, plain.output), matmul.is_a_transposed,
                            matmul.is_b_transposed};
    }
    Kernel operator()(const Literal &) const {
        throw std::logic_error(node_.name + ": a literal needs no kernel");
    }
    Kernel operator()(const Reshape &) const {
        const View flat{.w = (int)graph_.values[node_.output].count()};
        return ReorderKernel{flat, flat, 0};
    }
    Kernel operator()(const StridedCopy &strided) const {
        const int first = sliced_channel(graph_, node_);
        if (first >= 0) return ReorderKernel{input(0), output(), 0, first};
        const auto flat = [&](ValueId v) { return View{.w = (int)graph_.values[v].count()}; };
        return StridedCopyKernel{flat(node_.inputs[0]), flat(node_.output),
                                 merge_dims(strided.copy)};
    }
    Kernel operator()(const Resample &resample) const {
        using Axis = ResampleKernel::Axis;
        if (!needs_nchw(graph_, node_)) {
            return ResampleKernel{input(0), output(), resample.axis == 2 ? Axis::h : Axis::w,
                                  resample.taps};
        }
        return ResampleKernel{axis_view(graph_.values[node_.inputs[0]], resample.axis),
                              axis_view(graph_.values[node_.output], resample.axis), Axis::c,
                              resample.taps};
    }

    Kernel operator()(const ChannelShuffle &shuffle) const {
        return ChannelShuffleKernel{input(0), output(), shuffle.groups};
    }
    Kernel operator()(const Concat &) const {
        throw std::logic_error(node_.name + ": a concat is several kernels");
    }

private:
    // With views and what the last convolution adds behind its sums.
    template<typename K>
    Kernel finished(K kernel, const Conv2d &last) const {
        kernel.input = input(0);
        kernel.input.halo = halo_needed(graph_, node_, read_[0], stored_);
        kernel.output = output();
        kernel.activation = last.activation;
        kernel.combine = last.combine;
        if (last.has_residual) kernel.residual = input(1);
        return kernel;
    }
    View input(int index) const {
        return value_view(graph_.values[node_.inputs[index]], read_[index], vector_);
    }
    View output() const { return value_view(graph_.values[node_.output], stored_, vector_); }
    const std::vector<int64_t> &dims(ValueId value) const { return graph_.values[value].dims; }

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
