#include "compiler/onnx/window.h"

#include <algorithm>

namespace convoy {

namespace {

using Dims = std::vector<int64_t>;

Dims read_pads(const OnnxNode &node, size_t count) {
    const Dims pads = node.attribute_ints("pads", Dims(2 * count, 0));
    const bool is_in_range =
        std::ranges::all_of(pads, [](int64_t pad) { return pad >= 0 && pad <= max_elements; });
    if (pads.size() != 2 * count || !is_in_range) {
        node.fail("attribute 'pads' is " + dims_text(pads) + ", expected " +
                  std::to_string(2 * count) + " values from 0 to " + std::to_string(max_elements) +
                  (count == 2 ? ": top, left, bottom, right" : ": those before, then those after"));
    }
    return pads;
}

void pad_for_same_extent(WindowAxis &axis, bool is_upper) {
    const int64_t out = (axis.i + axis.s - 1) / axis.s;
    const int64_t total = std::max<int64_t>(0, (out - 1) * axis.s + axis.span() - axis.i);
    axis.p = is_upper ? total / 2 : total - total / 2;
    axis.p_end = total - axis.p;
}

void apply_auto_pad(const OnnxNode &node, Window &window) {
    const std::string auto_pad = node.attribute_string("auto_pad", "NOTSET");
    if (auto_pad == "NOTSET") return;
    const Dims pads = read_pads(node, window.size());
    if (std::ranges::any_of(pads, [](int64_t pad) { return pad != 0; })) {
        node.fail("attribute 'pads' is " + dims_text(pads) + " beside auto_pad " + auto_pad +
                  ", expected no pads");
    }
    if (auto_pad == "VALID") return;
    if (auto_pad != "SAME_UPPER" && auto_pad != "SAME_LOWER") {
        node.fail("attribute 'auto_pad' is '" + auto_pad +
                  "', expected NOTSET, VALID, SAME_UPPER or SAME_LOWER");
    }
    for (WindowAxis &axis : window) pad_for_same_extent(axis, auto_pad == "SAME_UPPER");
}

// ceil_mode adds a window that overhangs the end pads, unless it would begin beyond the input and
// the pads before it. A longer end pad expresses the same.
void extend_for_ceil(WindowAxis &axis) {
    if ((axis.padded() - axis.span()) % axis.s == 0) return;
    const int64_t start = axis.out * axis.s;
    if (start >= axis.i + axis.p) return;
    axis.overhang = start + axis.span() - axis.padded();
    axis.p_end += axis.overhang;
}

void size_axis(const OnnxNode &node, WindowAxis &axis) {
    if (axis.padded() > max_elements || axis.span() > max_elements) {
        node.fail(std::string("its window reaches beyond ") + std::to_string(max_elements) +
                  " elements along " + axis.name);
    }
    if (axis.span() > axis.padded()) {
        node.fail(std::string("its window of ") + std::to_string(axis.span()) + " along " +
                  axis.name + " exceeds the padded input of " + std::to_string(axis.padded()));
    }
    axis.out = (axis.padded() - axis.span()) / axis.s + 1;
}

}  // namespace

Dims expect_image(const OnnxNode &node, ValueId input) {
    const Dims dims = node.dims(input);
    if (dims.size() < 3 || dims.size() > 5) {
        node.fail("input is " + dims_text(dims) +
                  ", expected (mb, c, w), (mb, c, h, w) or (mb, c, d, h, w)");
    }
    return dims;
}

Dims read_extents(const OnnxNode &node, const char *attribute, size_t count) {
    const Dims values = node.attribute_ints(attribute, Dims(count, 1));
    if (values.size() != count) {
        node.fail(std::string("attribute '") + attribute + "' is " + dims_text(values) +
                  ", expected " + std::to_string(count) + " values");
    }
    for (int64_t value : values) {
        if (value < 1 || value > max_elements) {
            node.fail(std::string("attribute '") + attribute + "' is " + dims_text(values) +
                      ", expected values from 1 to " + std::to_string(max_elements));
        }
    }
    return values;
}

Window read_window(const OnnxNode &node, const Dims &input, const Dims &kernel) {
    static const char *const names[] = {"id", "ih", "iw"};
    const size_t count = kernel.size();
    const Dims strides = read_extents(node, "strides", count),
               dilations = read_extents(node, "dilations", count), pads = read_pads(node, count);
    Window window;
    for (size_t a = 0; a < count; ++a) {
        window.push_back({names[3 - count + a], input[2 + a], kernel[a], strides[a], dilations[a],
                          pads[a], pads[count + a]});
    }
    apply_auto_pad(node, window);
    for (WindowAxis &axis : window) size_axis(node, axis);

    const int64_t ceil_mode = node.attribute_int("ceil_mode", 0);
    if (ceil_mode != 0 && ceil_mode != 1) node.fail("attribute 'ceil_mode' must be 0 or 1");
    if (ceil_mode == 1) {
        if (node.attribute_string("auto_pad", "NOTSET") != "NOTSET") {
            node.fail("attribute 'ceil_mode' is 1 beside auto_pad, expected only one of them");
        }
        for (WindowAxis &axis : window) {
            extend_for_ceil(axis);
            size_axis(node, axis);
        }
    }
    return window;
}

Dims window_output(int64_t mb, int64_t c, const Window &window) {
    Dims dims = {mb, c};
    for (const WindowAxis &axis : window) dims.push_back(axis.out);
    return dims;
}

}  // namespace convoy
