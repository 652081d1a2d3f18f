// Operators that move elements without computing: nearly all are one strided copy.

#include "compiler/onnx/movement.h"

#include <algorithm>
#include <numeric>

#include "compiler/onnx/operators.h"

namespace convoy {

namespace {

OnnxTensor make_tensor(const OnnxTensor &like, const Dims &dims) {
    OnnxTensor tensor;
    tensor.dims = dims;
    tensor.is_float = like.is_float;
    return tensor;
}

// The elements of a constant that `elements` name; -1 stands for the fill value.
OnnxTensor pick(const OnnxTensor &from, const std::vector<int64_t> &elements, float fill,
                const Dims &dims) {
    OnnxTensor tensor = make_tensor(from, dims);
    if (from.is_float) {
        std::vector<float> floats;
        for (int64_t e : elements) floats.push_back(e < 0 ? fill : (*from.floats)[e]);
        tensor.floats = std::make_shared<const std::vector<float>>(std::move(floats));
    } else {
        for (int64_t e : elements)
            tensor.integers.push_back(e < 0 ? int64_t(fill) : from.integers[e]);
    }
    return tensor;
}

int64_t product(const Dims &dims, size_t begin, size_t end) {
    return std::accumulate(dims.begin() + begin, dims.begin() + end, int64_t{1},
                           std::multiplies<>());
}

// The first input seen under the dims `split` and permuted.
void output_permuted(OnnxNode &node, const Dims &split, const Dims &order, const Dims &dims) {
    const CopyProblem whole = whole_copy(split);
    CopyProblem copy;
    for (int64_t from : order) copy.dims.push_back(whole.dims[from]);
    output_copy(node, copy, dims);
}

Dims image_dims(const OnnxNode &node) {
    const Dims dims = input_dims(node);
    node.expect_rank("input", dims, 4);
    return dims;
}

int64_t block_size(const OnnxNode &node) {
    if (!node.has_attribute("blocksize")) node.fail("attribute 'blocksize' is missing");
    const int64_t size = node.attribute_int("blocksize", 1);
    if (size < 1 || size > max_elements) {
        node.fail("attribute 'blocksize' is " + std::to_string(size) + ", expected at least 1");
    }
    return size;
}

// Whether a block's position counts for more in the channel's number than the channel of the image.
bool is_depth_first(const OnnxNode &node) {
    const std::string mode = node.attribute_string("mode", "DCR");
    if (mode != "DCR" && mode != "CRD") {
        node.fail("attribute 'mode' is '" + mode + "', expected DCR or CRD");
    }
    return mode == "DCR";
}

Dims optional_integers(const OnnxNode &node, int input, const char *what, const Dims &otherwise) {
    return node.has_input(input) ? node.integers(input, what).integers : otherwise;
}

Dims resolve_axes(const OnnxNode &node, const Dims &axes, size_t rank) {
    Dims resolved;
    for (int64_t axis : axes) {
        resolved.push_back(resolve_axis(node, "axes", axis, rank));
        if (std::ranges::count(resolved, resolved.back()) > 1) {
            node.fail("axes " + dims_text(axes) + " name one axis twice");
        }
    }
    return resolved;
}

Dims first_axes(size_t count) {
    Dims axes(count);
    std::iota(axes.begin(), axes.end(), 0);
    return axes;
}

// One axis of a Slice, as ONNX resolves starts and ends beyond the dims.
CopyDim slice(const OnnxNode &node, const CopyDim &dim, int64_t start, int64_t end, int64_t step,
              int64_t &offset) {
    if (step == 0) node.fail("steps hold 0, expected another number");
    const int64_t extent = dim.extent;
    const auto resolve = [&](int64_t at, int64_t low, int64_t high) {
        return std::clamp(at < 0 ? at + extent : at, low, high);
    };
    int64_t count;
    if (step > 0) {
        start = resolve(start, 0, extent);
        count = (resolve(end, 0, extent) - start + step - 1) / step;
    } else {
        start = resolve(start, -1, extent - 1);
        const int64_t before = end < -extent ? -1 : resolve(end, -1, extent - 1);
        // The quotient of the magnitudes, because -step may overflow.
        count = start <= before
                    ? 0
                    : (start - before - 1) / (step == INT64_MIN ? INT64_MAX : -step) + 1;
    }
    count = std::max<int64_t>(count, 0);
    offset += count > 0 ? start * dim.stride : 0;
    const int64_t stride = count > 1 ? dim.stride * step : dim.stride;
    return {count, stride, 0, count};
}

}  // namespace

Dims input_dims(const OnnxNode &node, int index) {
    if (!node.has_input(index)) node.fail("input is missing");
    if (node.is_constant(index)) return node.constant(index, "input").dims;
    return node.dims(node.activation(index, "input"));
}

int64_t resolve_axis(const OnnxNode &node, const char *what, int64_t axis, size_t rank) {
    const auto count = int64_t(rank);
    if (axis < -count || axis >= count) {
        node.fail(std::string(what) + " holds " + std::to_string(axis) + ", expected " +
                  std::to_string(-count) + " to " + std::to_string(count - 1) + " for rank " +
                  std::to_string(rank));
    }
    return axis < 0 ? axis + count : axis;
}

bool has_integers(const OnnxNode &node, const char *attribute, int input) {
    return node.has_attribute(attribute) || node.has_input(input);
}

Dims read_integers(const OnnxNode &node, const char *attribute, int input) {
    if (node.has_attribute(attribute)) return node.attribute_ints(attribute, {});
    return node.integers(input, attribute).integers;
}

void output_reshaped(OnnxNode &node, const Dims &dims, int index) {
    if (node.is_constant(0)) {
        OnnxTensor tensor = node.constant(0, "input");
        tensor.dims = dims;
        return node.output_constant(std::move(tensor), index);
    }
    const ValueId input = node.activation(0, "input");
    if (node.dims(input) == dims) return node.output_same_as(0, index);
    node.output(Reshape{}, {input}, dims, index);
}

void output_copy(OnnxNode &node, const CopyProblem &copy, const Dims &dims, int index) {
    if (element_count(dims) < 0) {
        node.fail("its output is " + dims_text(dims) + ", expected at most " +
                  std::to_string(max_elements) + " elements");
    }
    if (node.is_constant(0)) {
        const OnnxTensor &from = node.constant(0, "input");
        return node.output_constant(pick(from, copied_elements(copy), copy.fill, dims), index);
    }
    const CopyProblem same = whole_copy({element_count(input_dims(node))});
    if (element_count(dims) > 0 && merge_dims(copy) == merge_dims(same))
        return output_reshaped(node, dims, index);
    node.output(StridedCopy{copy}, {node.activation(0, "input")}, dims, index);
}

Resample make_resample(int axis, const std::vector<std::vector<Tap>> &taps) {
    Resample resample;
    resample.axis = axis;
    for (const auto &list : taps) resample.taps = std::max(resample.taps, int(list.size()));
    std::vector<float> weights, indices;
    for (const auto &list : taps) {
        for (int t = 0; t < resample.taps; ++t) {
            const Tap tap = t < int(list.size()) ? list[t] : Tap{list[0].index, 0};
            weights.push_back(float(tap.weight));
            indices.push_back(float(tap.index));
        }
    }
    resample.weights = std::make_shared<const std::vector<float>>(std::move(weights));
    resample.indices = std::make_shared<const std::vector<float>>(std::move(indices));
    return resample;
}

void output_gathered(OnnxNode &node, int axis, const Dims &indices, const Dims &dims) {
    const Dims from = input_dims(node);
    const auto count = int64_t(indices.size());
    const int64_t inner = product(from, axis + 1, from.size()),
                  step = count > 1 ? indices[1] - indices[0] : 1;
    bool is_progression = count > 0;
    for (int64_t i = 0; i < count; ++i)
        is_progression = is_progression && indices[i] == indices[0] + i * step;
    if (is_progression) {
        CopyProblem copy = whole_copy(from);
        copy.offset = indices[0] * inner;
        copy.dims[axis] = {count, inner * step, 0, count};
        return output_copy(node, copy, dims);
    }
    if (node.is_constant(0)) {
        std::vector<int64_t> elements;
        for (int64_t outer = 0; outer < product(from, 0, axis); ++outer) {
            for (int64_t index : indices) {
                for (int64_t i = 0; i < inner; ++i)
                    elements.push_back((outer * from[axis] + index) * inner + i);
            }
        }
        return node.output_constant(pick(node.constant(0, "input"), elements, 0, dims));
    }
    std::vector<std::vector<Tap>> taps;
    for (int64_t index : indices) taps.push_back({{index, 1}});
    Dims gathered = from;
    gathered[axis] = count;
    const ValueId input = node.activation(0, "input");
    const Resample resample = make_resample(axis, taps);
    if (gathered == dims) return node.output(resample, {input}, dims);
    node.output(Reshape{}, {node.intermediate(resample, {input}, gathered)}, dims);
}

void import_depth_to_space(OnnxNode &node) {
    const Dims dims = image_dims(node);
    const int64_t b = block_size(node), c = dims[1] / b / b;
    if (c * b * b != dims[1]) {
        node.fail("input is " + dims_text(dims) + ", expected channels that are a multiple of " +
                  "blocksize squared");
    }
    const Dims to = {dims[0], c, dims[2] * b, dims[3] * b};
    if (is_depth_first(node)) {
        output_permuted(node, {dims[0], b, b, c, dims[2], dims[3]}, {0, 3, 4, 1, 5, 2}, to);
    } else {
        output_permuted(node, {dims[0], c, b, b, dims[2], dims[3]}, {0, 1, 4, 2, 5, 3}, to);
    }
}

void import_space_to_depth(OnnxNode &node) {
    const Dims dims = image_dims(node);
    const int64_t b = block_size(node);
    if (dims[2] % b != 0 || dims[3] % b != 0) {
        node.fail("input is " + dims_text(dims) + ", expected a height and a width that are " +
                  "multiples of blocksize " + std::to_string(b));
    }
    const Dims order = is_depth_first(node) ? Dims{0, 3, 5, 1, 2, 4} : Dims{0, 1, 3, 5, 2, 4};
    output_permuted(node, {dims[0], dims[1], dims[2] / b, b, dims[3] / b, b}, order,
                    {dims[0], dims[1] * b * b, dims[2] / b, dims[3] / b});
}

void import_expand(OnnxNode &node) {
    Dims from = input_dims(node), to = node.integers(1, "shape").integers;
    const std::string asked = dims_text(to), had = dims_text(from);
    const size_t rank = std::max(from.size(), to.size());
    from.insert(from.begin(), rank - from.size(), 1);
    to.insert(to.begin(), rank - to.size(), 1);
    CopyProblem copy = whole_copy(from);
    for (size_t d = 0; d < rank; ++d) {
        if (from[d] != to[d] && from[d] != 1 && to[d] != 1) {
            node.fail("input " + had + " does not broadcast to shape " + asked);
        }
        if (from[d] == 1 && to[d] != 1) copy.dims[d] = {to[d], 0, 0, to[d]};
        to[d] = copy.dims[d].extent;
    }
    output_copy(node, copy, to);
}

void import_gather(OnnxNode &node) {
    const Dims from = input_dims(node);
    const int axis = node.attribute_axis(0, from.size(), int64_t(from.size()) - 1);
    const OnnxTensor &indices = node.integers(1, "indices");
    Dims resolved, to(from.begin(), from.begin() + axis);
    for (int64_t index : indices.integers) {
        if (index < -from[axis] || index >= from[axis]) {
            node.fail("index " + std::to_string(index) + " lies outside axis " +
                      std::to_string(axis) + " of input " + dims_text(from));
        }
        resolved.push_back(index < 0 ? index + from[axis] : index);
    }
    to.insert(to.end(), indices.dims.begin(), indices.dims.end());
    to.insert(to.end(), from.begin() + axis + 1, from.end());
    output_gathered(node, axis, resolved, to);
}

void import_slice(OnnxNode &node) {
    const bool has_inputs = node.input_count() > 1;
    if (!has_inputs && !(node.has_attribute("starts") && node.has_attribute("ends"))) {
        node.fail("it has neither inputs nor attributes 'starts' and 'ends'");
    }
    const Dims from = input_dims(node);
    const Dims starts = read_integers(node, "starts", 1), ends = read_integers(node, "ends", 2);
    Dims axes = first_axes(starts.size());
    if (has_integers(node, "axes", 3)) axes = read_integers(node, "axes", 3);
    const Dims steps = optional_integers(node, 4, "steps", Dims(starts.size(), 1));
    if (ends.size() != starts.size() || axes.size() != starts.size() ||
        steps.size() != starts.size()) {
        node.fail("starts " + dims_text(starts) + ", ends " + dims_text(ends) + ", axes " +
                  dims_text(axes) + " and steps " + dims_text(steps) + " differ in length");
    }
    axes = resolve_axes(node, axes, from.size());
    CopyProblem copy = whole_copy(from);
    Dims to = from;
    for (size_t i = 0; i < axes.size(); ++i) {
        CopyDim &dim = copy.dims[axes[i]];
        dim = slice(node, dim, starts[i], ends[i], steps[i], copy.offset);
        to[axes[i]] = dim.extent;
    }
    output_copy(node, copy, to);
}

void import_split(OnnxNode &node) {
    const Dims from = input_dims(node);
    const int axis = node.attribute_axis(0, from.size(), int64_t(from.size()) - 1);
    const int64_t extent = from[axis], parts = node.output_count();
    Dims sizes;
    if (has_integers(node, "split", 1)) {
        sizes = read_integers(node, "split", 1);
    } else {
        // The last part is the smaller one.
        if (node.attribute_int("num_outputs", parts) != parts) {
            node.fail("attribute 'num_outputs' differs from its " + std::to_string(parts) +
                      " outputs");
        }
        const int64_t size = (extent + parts - 1) / parts;
        for (int64_t i = 0; i < parts; ++i)
            sizes.push_back(std::max<int64_t>(0, std::min(size, extent - i * size)));
    }
    if (int64_t(sizes.size()) != parts ||
        std::ranges::any_of(sizes, [](auto s) { return s < 0; }) ||
        std::accumulate(sizes.begin(), sizes.end(), int64_t{0}) != extent) {
        node.fail("split " + dims_text(sizes) + " does not cover the " + std::to_string(extent) +
                  " elements along axis " + std::to_string(axis) + " with " +
                  std::to_string(parts) + " outputs");
    }
    CopyProblem copy = whole_copy(from);
    for (int64_t i = 0; i < parts; ++i) {
        Dims to = from;
        to[axis] = copy.dims[axis].extent = copy.dims[axis].end = sizes[i];
        if (node.is_output_read(int(i))) output_copy(node, copy, to, int(i));
        copy.offset += sizes[i] * copy.dims[axis].stride;
    }
}

void import_tile(OnnxNode &node) {
    const Dims from = input_dims(node);
    const Dims repeats = node.integers(1, "repeats").integers;
    const bool is_positive =
        std::ranges::all_of(repeats, [](int64_t r) { return r >= 0 && r <= max_elements; });
    if (repeats.size() != from.size() || !is_positive) {
        node.fail("repeats are " + dims_text(repeats) + ", expected one for each dim of input " +
                  dims_text(from));
    }
    const CopyProblem whole = whole_copy(from);
    CopyProblem copy;
    Dims to = from;
    for (size_t d = 0; d < from.size(); ++d) {
        copy.dims.push_back({repeats[d], 0, 0, repeats[d]});
        copy.dims.push_back(whole.dims[d]);
        to[d] *= repeats[d];
    }
    output_copy(node, copy, to);
}

void import_transpose(OnnxNode &node) {
    const Dims from = input_dims(node);
    Dims order = first_axes(from.size());
    std::ranges::reverse(order);
    order = node.attribute_ints("perm", order);
    Dims sorted = order, to;
    std::ranges::sort(sorted);
    if (sorted != first_axes(from.size())) {
        node.fail("attribute 'perm' is " + dims_text(order) + ", expected an order of the " +
                  std::to_string(from.size()) + " dims of input " + dims_text(from));
    }
    for (int64_t axis : order) to.push_back(from[axis]);
    output_permuted(node, from, order, to);
}

}  // namespace convoy
