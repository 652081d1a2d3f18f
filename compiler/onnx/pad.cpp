// Pad, whose constant form is a strided copy and whose other forms gather along each axis.

#include <algorithm>

#include "compiler/onnx/movement.h"
#include "compiler/onnx/operators.h"

namespace convoy {

namespace {

struct Pads {
    Dims before, after;  // one for each dim of the input; negative ones crop
};

Pads read_pads(const OnnxNode &node, size_t rank) {
    const Dims values = read_integers(node, "pads", 1);
    Dims axes;
    for (size_t d = 0; d < rank; ++d) axes.push_back(int64_t(d));
    if (node.has_input(3)) axes = node.integers(3, "axes").integers;
    const bool is_in_range = std::ranges::all_of(
        values, [](int64_t pad) { return pad >= -max_elements && pad <= max_elements; });
    if (values.size() != 2 * axes.size() || !is_in_range) {
        node.fail("pads are " + dims_text(values) + ", expected " +
                  std::to_string(2 * axes.size()) + " values: those before each axis, then those " +
                  "after");
    }
    Pads pads{Dims(rank), Dims(rank)};
    for (size_t i = 0; i < axes.size(); ++i) {
        const int64_t axis = resolve_axis(node, "axes", axes[i], rank);
        pads.before[axis] = values[i], pads.after[axis] = values[axes.size() + i];
    }
    return pads;
}

float fill_value(const OnnxNode &node) {
    if (node.has_attribute("value")) return node.attribute_float("value", 0);
    if (!node.has_input(2)) return 0;
    const OnnxTensor &value = node.constant(2, "constant_value");
    if (element_count(value.dims) != 1) {
        node.fail("constant_value is " + dims_text(value.dims) + ", expected one element");
    }
    return value.is_float ? value.floats->front() : float(value.integers.front());
}

void output_filled(OnnxNode &node, const Dims &from, const Pads &pads, const Dims &to) {
    CopyProblem copy = whole_copy(from);
    copy.fill = fill_value(node);
    for (size_t d = 0; d < from.size(); ++d) {
        CopyDim &dim = copy.dims[d];
        copy.offset -= pads.before[d] * dim.stride;
        dim.extent = to[d];
        dim.begin = std::max<int64_t>(0, pads.before[d]);
        dim.end = std::min(to[d], pads.before[d] + from[d]);
        if (dim.begin >= dim.end) {
            node.fail("its pads leave nothing of input " + dims_text(from));
        }
    }
    output_copy(node, copy, to);
}

// The input index that a padded index repeats.
int64_t repeated(const std::string &mode, int64_t i, int64_t extent) {
    if (mode == "edge") return std::clamp<int64_t>(i, 0, extent - 1);
    if (mode == "wrap") return (i % extent + extent) % extent;
    const int64_t period = std::max<int64_t>(1, 2 * (extent - 1));
    const int64_t at = (i % period + period) % period;
    return std::min(at, period - at) % extent;
}

// One axis after the other.
void output_repeated(OnnxNode &node, const std::string &mode, const Pads &pads, const Dims &to) {
    ValueId value = node.activation(0, "input");
    Dims dims = node.dims(value);
    int last = -1;
    for (size_t d = 0; d < dims.size(); ++d) {
        if (pads.before[d] != 0 || pads.after[d] != 0) last = int(d);
    }
    if (last < 0) return node.output_same_as(0);
    for (int d = 0; d <= last; ++d) {
        if (pads.before[d] == 0 && pads.after[d] == 0) continue;
        std::vector<std::vector<Tap>> taps;
        for (int64_t i = 0; i < to[d]; ++i)
            taps.push_back({{repeated(mode, i - pads.before[d], dims[d]), 1}});
        dims[d] = to[d];
        const Resample resample = make_resample(d, taps);
        if (d == last) return node.output(resample, {value}, dims);
        value = node.intermediate(resample, {value}, dims);
    }
}

}  // namespace

void import_pad(OnnxNode &node) {
    if (!has_integers(node, "pads", 1)) node.fail("pads are missing");
    const std::string mode = node.attribute_string("mode", "constant");
    if (mode != "constant" && mode != "edge" && mode != "reflect" && mode != "wrap") {
        node.fail("attribute 'mode' is '" + mode + "', expected constant, edge, reflect or wrap");
    }
    const Dims from = input_dims(node);
    const Pads pads = read_pads(node, from.size());
    Dims to = from;
    for (size_t d = 0; d < from.size(); ++d) to[d] += pads.before[d] + pads.after[d];
    if (element_count(to) < 1) {
        node.fail("its pads make " + dims_text(to) + " of input " + dims_text(from) +
                  ", expected 1 to " + std::to_string(max_elements) + " elements");
    }
    if (mode == "constant") return output_filled(node, from, pads, to);
    output_repeated(node, mode, pads, to);
}

}  // namespace convoy
