// The pools. In one dimension a pool is one over rows of height 1; in three dimensions one over
// rows and columns, then one over the depth, for maxima, sums and counts of boxes are separable.

#include <algorithm>

#include "compiler/onnx/operators.h"
#include "compiler/onnx/window.h"

namespace convoy {

namespace {

using Dims = std::vector<int64_t>;
using Kind = PoolProblem::Kind;

// Windows that see pads only have no maximum and no average.
void expect_windows_see_input(const OnnxNode &node, const WindowAxis &axis) {
    for (int64_t o = 0; o < axis.out; ++o) {
        const int64_t start = o * axis.s - axis.p;
        const int64_t skipped = start < 0 ? (-start + axis.d - 1) / axis.d : 0;
        if (skipped < axis.k && start + skipped * axis.d < axis.i) continue;
        node.fail(std::string("its window ") + std::to_string(o) + " along " + axis.name +
                  " lies in the pads, expected every window to see the input");
    }
}

// Adds pools to the graph, for one ONNX node; the last of them is its output.
class Pooling {
public:
    Pooling(OnnxNode &node, Kind kind, bool count_include_pad)
        : node_(node), kind_(kind), count_include_pad_(count_include_pad) {}

    void output(ValueId input, const Window &window) {
        const Dims dims = node_.dims(input);
        const Dims to = window_output(dims[0], dims[1], window);
        const WindowAxis &columns = window.back();
        const WindowAxis &rows = window.size() > 1 ? window[window.size() - 2] : no_axis;
        if (window.size() == 2) {
            node_.output(pool(dims[0], dims[1], rows, columns), {input}, to);
            return;
        }
        const int64_t depth = window.size() == 3 ? dims[2] : 1;
        ValueId value = pooled(input, dims[0], dims[1] * depth, rows, columns);
        if (window.size() == 3 && !is_trivial(window[0])) {
            WindowAxis planes = no_axis;
            planes.i = planes.out = rows.out * columns.out;
            value = pooled(value, dims[0], dims[1], window[0], planes);
        }
        node_.output(Reshape{}, {value}, to);
    }

private:
    static bool is_trivial(const WindowAxis &axis) {
        return axis.k == 1 && axis.s == 1 && axis.padded() == axis.i;
    }

    Pool2d pool(int64_t mb, int64_t c, const WindowAxis &h, const WindowAxis &w) const {
        PoolProblem p;
        p.kind = kind_;
        p.count_include_pad = count_include_pad_;
        p.mb = int(mb), p.c = int(c);
        copy_window(h, w, p);
        return {p};
    }

    ValueId pooled(ValueId input, int64_t mb, int64_t c, const WindowAxis &h, const WindowAxis &w) {
        const ValueId image = node_.intermediate(Reshape{}, {input}, {mb, c, h.i, w.i});
        return node_.intermediate(pool(mb, c, h, w), {image}, {mb, c, h.out, w.out});
    }

    OnnxNode &node_;
    Kind kind_;
    bool count_include_pad_;
};

Window read_pool(const OnnxNode &node, const Dims &dims) {
    if (!node.has_attribute("kernel_shape")) node.fail("attribute 'kernel_shape' is missing");
    const Window window =
        read_window(node, dims, read_extents(node, "kernel_shape", dims.size() - 2));
    for (const WindowAxis &axis : window) expect_windows_see_input(node, axis);
    return window;
}

// The input with the window's pads in it, so that they count as elements; what ceil_mode added
// stays a pad.
ValueId pad_input(OnnxNode &node, ValueId input, Window &window) {
    Dims dims = node.dims(input);
    CopyProblem copy = whole_copy(dims);
    for (size_t a = 0; a < window.size(); ++a) {
        WindowAxis &axis = window[a];
        CopyDim &dim = copy.dims[a + 2];
        const int64_t padded = axis.padded() - axis.overhang;
        copy.offset -= axis.p * dim.stride;
        dim = {padded, dim.stride, axis.p, axis.p + axis.i};
        dims[a + 2] = axis.i = padded;
        axis.p = 0, axis.p_end = axis.overhang;
    }
    return node.intermediate(StridedCopy{copy}, {input}, dims);
}

void import_global_pool(OnnxNode &node, Kind kind) {
    const ValueId input = node.activation(0, "input");
    const Dims dims = expect_image(node, input);
    Window window;
    for (size_t d = 2; d < dims.size(); ++d)
        window.push_back({"", dims[d], dims[d], 1, 1, 0, 0, 1, 0});
    Pooling(node, kind, false).output(input, window);
}

}  // namespace

void import_max_pool(OnnxNode &node) {
    const ValueId input = node.activation(0, "input");
    node.expect_attribute("storage_order", 0);
    const Window window = read_pool(node, expect_image(node, input));
    Pooling(node, Kind::max, false).output(input, window);
}

void import_average_pool(OnnxNode &node) {
    ValueId input = node.activation(0, "input");
    const int64_t include = node.attribute_int("count_include_pad", 0);
    if (include != 0 && include != 1) node.fail("attribute 'count_include_pad' must be 0 or 1");
    Window window = read_pool(node, expect_image(node, input));
    const auto has = [&](auto part) { return std::ranges::any_of(window, part); };
    const bool is_extended = has([](const WindowAxis &a) { return a.overhang > 0; });
    const bool has_pads = has([](const WindowAxis &a) { return a.p + a.p_end > a.overhang; });
    // The overhang does not count in the divisor, but the pads do.
    if (include == 1 && is_extended && has_pads) input = pad_input(node, input, window);
    Pooling(node, Kind::average, include == 1 && !is_extended).output(input, window);
}

void import_global_average_pool(OnnxNode &node) {
    import_global_pool(node, Kind::average);
}

void import_global_max_pool(OnnxNode &node) {
    import_global_pool(node, Kind::max);
}

}  // namespace convoy
