// Conv and the pools: operators that slide a 2-D window.

#include <algorithm>
#include <array>

#include "compiler/onnx/operators.h"

namespace convoy {

namespace {

// One spatial axis of a window; k, s, d as in ConvProblem, p before and p_end after.
struct Axis {
    int64_t i, k, s, d, p, p_end;
    int64_t out = 0;

    int64_t span() const { return (k - 1) * d + 1; }
    int64_t padded() const { return i + p + p_end; }
};

struct Window {
    Axis h, w;
    bool is_extended = false;  // ceil_mode made the last windows overhang the pads given
};

std::array<int64_t, 2> read_pair(const OnnxNode &node, const char *attribute) {
    const auto values = node.attribute_ints(attribute, {1, 1});
    if (values.size() != 2) {
        node.fail(std::string("attribute '") + attribute + "' is " + dims_text(values) +
                  ", expected 2 values: only 2-D windows are supported");
    }
    for (int64_t value : values) {
        if (value < 1 || value > max_elements) {
            node.fail(std::string("attribute '") + attribute + "' is " + dims_text(values) +
                      ", expected values from 1 to " + std::to_string(max_elements));
        }
    }
    return {values[0], values[1]};
}

std::vector<int64_t> read_pads(const OnnxNode &node) {
    const auto pads = node.attribute_ints("pads", {0, 0, 0, 0});
    const bool is_in_range =
        std::ranges::all_of(pads, [](int64_t pad) { return pad >= 0 && pad <= max_elements; });
    if (pads.size() != 4 || !is_in_range) {
        node.fail("attribute 'pads' is " + dims_text(pads) + ", expected 4 values from 0 to " +
                  std::to_string(max_elements) + ": top, left, bottom, right");
    }
    return pads;
}

void pad_for_same_extent(Axis &axis, bool is_upper) {
    const int64_t out = (axis.i + axis.s - 1) / axis.s;
    const int64_t total = std::max<int64_t>(0, (out - 1) * axis.s + axis.span() - axis.i);
    axis.p = is_upper ? total / 2 : total - total / 2;
    axis.p_end = total - axis.p;
}

void apply_auto_pad(const OnnxNode &node, Window &window) {
    const std::string auto_pad = node.attribute_string("auto_pad", "NOTSET");
    if (auto_pad == "NOTSET") return;
    const auto pads = read_pads(node);
    if (std::ranges::any_of(pads, [](int64_t pad) { return pad != 0; })) {
        node.fail("attribute 'pads' is " + dims_text(pads) + " beside auto_pad " + auto_pad +
                  ", expected no pads");
    }
    if (auto_pad == "VALID") return;
    if (auto_pad != "SAME_UPPER" && auto_pad != "SAME_LOWER") {
        node.fail("attribute 'auto_pad' is '" + auto_pad +
                  "', expected NOTSET, VALID, SAME_UPPER or SAME_LOWER");
    }
    for (Axis *axis : {&window.h, &window.w}) pad_for_same_extent(*axis, auto_pad == "SAME_UPPER");
}

// ceil_mode adds a window that overhangs the end pads, unless it would begin beyond the input and
// the pads before it. A longer end pad expresses the same.
bool extend_for_ceil(Axis &axis) {
    if ((axis.padded() - axis.span()) % axis.s == 0) return false;
    const int64_t start = axis.out * axis.s;
    if (start >= axis.i + axis.p) return false;
    axis.p_end += start + axis.span() - axis.padded();
    return true;
}

void size_axis(const OnnxNode &node, const char *name, Axis &axis) {
    if (axis.padded() > max_elements || axis.span() > max_elements) {
        node.fail(std::string("its window reaches beyond ") + std::to_string(max_elements) +
                  " elements along " + name);
    }
    if (axis.span() > axis.padded()) {
        node.fail(std::string("its window of ") + std::to_string(axis.span()) + " along " + name +
                  " exceeds the padded input of " + std::to_string(axis.padded()));
    }
    axis.out = (axis.padded() - axis.span()) / axis.s + 1;
}

Window read_window(const OnnxNode &node, const std::vector<int64_t> &input, int64_t kh,
                   int64_t kw) {
    const auto strides = read_pair(node, "strides");
    const auto dilations = read_pair(node, "dilations");
    const auto pads = read_pads(node);
    Window window = {{input[2], kh, strides[0], dilations[0], pads[0], pads[2]},
                     {input[3], kw, strides[1], dilations[1], pads[1], pads[3]}};
    apply_auto_pad(node, window);
    size_axis(node, "ih", window.h);
    size_axis(node, "iw", window.w);

    const int64_t ceil_mode = node.attribute_int("ceil_mode", 0);
    if (ceil_mode != 0 && ceil_mode != 1) node.fail("attribute 'ceil_mode' must be 0 or 1");
    if (ceil_mode == 1) {
        if (node.attribute_string("auto_pad", "NOTSET") != "NOTSET") {
            node.fail("attribute 'ceil_mode' is 1 beside auto_pad, expected only one of them");
        }
        const bool is_h_extended = extend_for_ceil(window.h);
        window.is_extended = extend_for_ceil(window.w) || is_h_extended;
        size_axis(node, "ih", window.h);
        size_axis(node, "iw", window.w);
    }
    return window;
}

template<typename Problem>
void copy_window(const Window &window, Problem &p) {
    const Axis &h = window.h, &w = window.w;
    p.ih = int(h.i), p.iw = int(w.i);
    p.oh = int(h.out), p.ow = int(w.out);
    p.kh = int(h.k), p.kw = int(w.k);
    p.sh = int(h.s), p.sw = int(w.s);
    p.dh = int(h.d), p.dw = int(w.d);
    p.ph = int(h.p), p.pw = int(w.p);
    p.ph_end = int(h.p_end), p.pw_end = int(w.p_end);
}

std::vector<int64_t> expect_image(const OnnxNode &node, ValueId input) {
    const auto dims = node.dims(input);
    if (dims.size() != 4) {
        node.fail("input is " + dims_text(dims) +
                  ", expected (mb, c, h, w): only 2-D windows are " + "supported");
    }
    return dims;
}

void check_conv_weights(const OnnxNode &node, const std::vector<int64_t> &weights, int64_t ic,
                        int64_t g) {
    if (weights.size() != 4 || element_count(weights) == 0) {
        node.fail("weights are " + dims_text(weights) +
                  ", expected (oc, ic/g, kh, kw) without zeros");
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
    const std::vector<int64_t> kernel = {weights[2], weights[3]};
    node.expect_dims("attribute 'kernel_shape'", node.attribute_ints("kernel_shape", kernel),
                     kernel);
}

// Windows that see pads only have no maximum and no average.
void expect_windows_see_input(const OnnxNode &node, const char *name, const Axis &axis) {
    for (int64_t o = 0; o < axis.out; ++o) {
        const int64_t start = o * axis.s - axis.p;
        const int64_t skipped = start < 0 ? (-start + axis.d - 1) / axis.d : 0;
        if (skipped < axis.k && start + skipped * axis.d < axis.i) continue;
        node.fail(std::string("its window ") + std::to_string(o) + " along " + name +
                  " lies in the pads, expected every window to see the input");
    }
}

PoolProblem read_pool(OnnxNode &node, ValueId input, Window &window) {
    const auto dims = expect_image(node, input);
    if (!node.has_attribute("kernel_shape")) node.fail("attribute 'kernel_shape' is missing");
    const auto kernel = read_pair(node, "kernel_shape");
    window = read_window(node, dims, kernel[0], kernel[1]);
    expect_windows_see_input(node, "ih", window.h);
    expect_windows_see_input(node, "iw", window.w);
    PoolProblem p;
    p.mb = int(dims[0]);
    p.c = int(dims[1]);
    copy_window(window, p);
    return p;
}

void output_pool(OnnxNode &node, ValueId input, const PoolProblem &p) {
    node.output(Pool2d{p}, {input}, {p.mb, p.c, p.oh, p.ow});
}

}  // namespace

void import_conv(OnnxNode &node) {
    const ValueId input = node.activation(0, "input");
    const auto dims = expect_image(node, input);
    const auto weights = node.input_dims(1, "weights");
    const int64_t g = node.attribute_int("group", 1);
    check_conv_weights(node, weights, dims[1], g);

    Conv2d conv;
    conv.problem.mb = int(dims[0]);
    conv.problem.g = int(g);
    conv.problem.ic = int(dims[1]);
    conv.problem.oc = int(weights[0]);
    copy_window(read_window(node, dims, weights[2], weights[3]), conv.problem);
    std::vector<ValueId> inputs = {input};
    if (node.is_constant(1)) {
        conv.weights = node.floats(1, "weights").floats;
    } else {
        inputs.push_back(node.activation(1, "weights"));
    }
    if (node.has_input(2)) {
        node.expect_dims("bias", node.input_dims(2, "bias"), {conv.problem.oc});
    }
    if (!node.has_input(2)) {
        conv.bias = std::make_shared<const std::vector<float>>(conv.problem.oc, 0.0f);
    } else if (node.is_constant(2)) {
        conv.bias = node.floats(2, "bias").floats;
    } else {
        inputs.push_back(node.activation(2, "bias"));
    }
    const ConvProblem &p = conv.problem;
    node.output(conv, std::move(inputs), {p.mb, p.oc, p.oh, p.ow});
}

void import_max_pool(OnnxNode &node) {
    const ValueId input = node.activation(0, "input");
    node.expect_attribute("storage_order", 0);
    Window window;
    output_pool(node, input, read_pool(node, input, window));
}

void import_average_pool(OnnxNode &node) {
    const ValueId input = node.activation(0, "input");
    Window window;
    PoolProblem p = read_pool(node, input, window);
    p.kind = PoolProblem::Kind::average;
    const int64_t include = node.attribute_int("count_include_pad", 0);
    if (include != 0 && include != 1) node.fail("attribute 'count_include_pad' must be 0 or 1");
    const auto pads = read_pads(node);
    if (include == 1 && window.is_extended) {
        // The overhang does not count in the divisor but the pads do; without pads the count is
        // that of the input alone.
        if (std::ranges::any_of(pads, [](int64_t pad) { return pad != 0; })) {
            node.fail("ceil_mode 1 with count_include_pad 1 and pads " + dims_text(pads) +
                      " extends the output, expected at most two of the three");
        }
    } else {
        p.count_include_pad = include == 1;
    }
    output_pool(node, input, p);
}

void import_global_average_pool(OnnxNode &node) {
    const ValueId input = node.activation(0, "input");
    const auto dims = expect_image(node, input);
    PoolProblem p;
    p.kind = PoolProblem::Kind::average;
    p.mb = int(dims[0]);
    p.c = int(dims[1]);
    p.ih = p.kh = int(dims[2]);
    p.iw = p.kw = int(dims[3]);
    output_pool(node, input, p);
}

}  // namespace convoy
