// Conv. In one dimension it is one over rows of height 1, in three dimensions one over channels and
// depth taps together.

#include "compiler/onnx/operators.h"
#include "compiler/onnx/window.h"

namespace convoy {

namespace {

using Dims = std::vector<int64_t>;

void check_weights(const OnnxNode &node, const Dims &weights, size_t rank, int64_t ic, int64_t g) {
    static const char *const layouts[] = {"(oc, ic/g, kw)", "(oc, ic/g, kh, kw)",
                                          "(oc, ic/g, kd, kh, kw)"};
    if (weights.size() != rank || element_count(weights) == 0) {
        node.fail("weights are " + dims_text(weights) + ", expected " + layouts[rank - 3] +
                  " without zeros");
    }
    if (g < 1 || ic % g != 0 || weights[0] % g != 0) {
        node.fail("attribute 'group' is " + std::to_string(g) + ", expected a divisor of ic " +
                  std::to_string(ic) + " and of oc " + std::to_string(weights[0]));
    }
    if (weights[1] != ic / g) {
        node.fail("weights are " + dims_text(weights) + ", expected " + std::to_string(ic / g) +
                  " channels per group: ic " + std::to_string(ic) + " in " + std::to_string(g) +
                  " groups");
    }
    const Dims kernel(weights.begin() + 2, weights.end());
    node.expect_dims("attribute 'kernel_shape'", node.attribute_ints("kernel_shape", kernel),
                     kernel);
}

// A parameter that is not constant becomes an input of the node, under other dims.
Constant read_parameter(OnnxNode &node, int index, const char *what, const Dims &as,
                        std::vector<ValueId> &inputs) {
    if (node.is_constant(index)) return node.floats(index, what).floats;
    ValueId value = node.activation(index, what);
    if (node.dims(value) != as) value = node.intermediate(Reshape{}, {value}, as);
    inputs.push_back(value);
    return nullptr;
}

// The input of the 2-D convolution that stands for a 3-D one: an image for each output depth, whose
// channels are the input's channels at each depth tap, (mb * od, ic * kd, ih, iw).
ValueId unfold_depth(OnnxNode &node, ValueId input, const Dims &dims, const WindowAxis &depth) {
    const int64_t plane = dims[3] * dims[4];
    int64_t id = dims[2];
    if (depth.p > 0 || depth.p_end > 0) {
        CopyProblem pad = whole_copy(dims);
        pad.offset = -depth.p * plane;
        id = depth.padded();
        pad.dims[2] = {id, plane, depth.p, depth.p + depth.i};
        input =
            node.intermediate(StridedCopy{pad}, {input}, {dims[0], dims[1], id, dims[3], dims[4]});
    }
    CopyProblem unfold;
    const auto add = [&](int64_t extent, int64_t stride) {
        unfold.dims.push_back({extent, stride, 0, extent});
    };
    add(dims[0], dims[1] * id * plane);
    add(depth.out, depth.s * plane);
    add(dims[1], id * plane);
    add(depth.k, depth.d * plane);
    add(plane, 1);
    return node.intermediate(StridedCopy{unfold}, {input},
                             {dims[0] * depth.out, dims[1] * depth.k, dims[3], dims[4]});
}

// (mb * od, oc, oh, ow) to (mb, oc, od, oh, ow).
void output_folded(OnnxNode &node, ValueId value, const Dims &to) {
    const int64_t plane = to[3] * to[4];
    const CopyProblem from = whole_copy({to[0], to[2], to[1], plane});
    node.output(StridedCopy{{{from.dims[0], from.dims[2], from.dims[1], from.dims[3]}}}, {value},
                to);
}

}  // namespace

void import_conv(OnnxNode &node) {
    ValueId input = node.activation(0, "input");
    const Dims dims = expect_image(node, input);
    const Dims weights = node.input_dims(1, "weights");
    const int64_t g = node.attribute_int("group", 1);
    check_weights(node, weights, dims.size(), dims[1], g);
    const Window window = read_window(node, dims, Dims(weights.begin() + 2, weights.end()));
    const Dims to = window_output(dims[0], weights[0], window);

    Conv2d conv;
    ConvProblem &p = conv.problem;
    const bool has_rows = window.size() > 1, has_depth = window.size() > 2;
    copy_window(has_rows ? window[window.size() - 2] : no_axis, window.back(), p);
    p.g = int(g);
    p.oc = int(weights[0]);
    p.mb = int(has_depth ? dims[0] * window[0].out : dims[0]);
    p.ic = int(has_depth ? dims[1] * window[0].k : dims[1]);
    if (has_depth) {
        input = unfold_depth(node, input, dims, window[0]);
    } else if (!has_rows) {
        input = node.intermediate(Reshape{}, {input}, {p.mb, p.ic, p.ih, p.iw});
    }
    std::vector<ValueId> inputs = {input};
    conv.weights = read_parameter(node, 1, "weights", {p.oc, p.ic_per_group(), p.kh, p.kw}, inputs);
    if (node.has_input(2)) {
        node.expect_dims("bias", node.input_dims(2, "bias"), {p.oc});
        conv.bias = read_parameter(node, 2, "bias", {p.oc}, inputs);
    } else {
        conv.bias = std::make_shared<const std::vector<float>>(p.oc, 0.0f);
    }
    const Dims as_image = {p.mb, p.oc, p.oh, p.ow};
    if (has_depth) return output_folded(node, node.intermediate(conv, inputs, as_image), to);
    if (has_rows) return node.output(conv, inputs, to);
    node.output(Reshape{}, {node.intermediate(conv, inputs, as_image)}, to);
}

}  // namespace convoy
