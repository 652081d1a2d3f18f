// Operators that move elements, and constants.

#include <algorithm>
#include <numeric>
#include <set>

#include "compiler/onnx/movement.h"
#include "compiler/onnx/operators.h"
#include "onnx.pb.h"

namespace convoy {

namespace {

// Product of dims[begin, end); the whole product is known to be within max_elements.
int64_t product(const std::vector<int64_t> &dims, size_t begin, size_t end) {
    return std::accumulate(dims.begin() + begin, dims.begin() + end, int64_t{1},
                           std::multiplies<>());
}

// Resolves 0 (the input's extent) and -1 (what remains) of a Reshape's shape.
std::vector<int64_t> resolve_shape(const OnnxNode &node, std::vector<int64_t> shape,
                                   const std::vector<int64_t> &input, bool allow_zero) {
    const std::string asked = dims_text(shape);
    const int64_t count = element_count(input);
    int inferred = -1;
    for (size_t i = 0; i < shape.size(); ++i) {
        if (shape[i] == 0 && !allow_zero) {
            if (i >= input.size()) {
                node.fail("shape " + asked + " copies dimension " + std::to_string(i) +
                          " of an input of " + dims_text(input));
            }
            shape[i] = input[i];
        } else if (shape[i] == -1) {
            if (inferred >= 0) node.fail("shape " + asked + " has more than one -1");
            inferred = int(i);
            shape[i] = 1;
        }
    }
    const int64_t known = element_count(shape);
    if (inferred >= 0 && known > 0) shape[inferred] = count / known;
    if (known < 0 || element_count(shape) != count) {
        node.fail("shape " + asked + " does not hold the " + std::to_string(count) +
                  " elements of its input " + dims_text(input));
    }
    return shape;
}

OnnxTensor make_floats(std::vector<int64_t> dims, std::vector<float> data) {
    OnnxTensor tensor;
    tensor.dims = std::move(dims);
    tensor.floats = std::make_shared<const std::vector<float>>(std::move(data));
    return tensor;
}

OnnxTensor make_integers(std::vector<int64_t> dims, std::vector<int64_t> data) {
    OnnxTensor tensor;
    tensor.dims = std::move(dims);
    tensor.is_float = false;
    tensor.integers = std::move(data);
    return tensor;
}

}  // namespace

void import_cast(OnnxNode &node) {
    node.expect_attribute("to", onnx::TensorProto::FLOAT);
    node.output_same_as(0);
}

void import_concat(OnnxNode &node) {
    std::vector<ValueId> inputs;
    for (int i = 0; i < node.input_count(); ++i) inputs.push_back(node.activation(i, "input"));
    auto dims = node.dims(inputs[0]);
    if (!node.has_attribute("axis")) node.fail("attribute 'axis' is missing");
    const int axis = node.attribute_axis(0, dims.size(), int64_t(dims.size()) - 1);
    if (inputs.size() == 1) return node.output_same_as(0);
    int64_t extent = 0;
    for (ValueId input : inputs) {
        auto expected = node.dims(input);
        if (expected.size() == dims.size()) {
            extent += expected[axis];
            expected[axis] = dims[axis];
        }
        if (expected != dims) {
            node.fail("input '" + node.builder().graph.values[input].name + "' is " +
                      dims_text(node.dims(input)) + ", expected dims equal to those of the first " +
                      dims_text(dims) + " except along axis " + std::to_string(axis));
        }
    }
    dims[axis] = extent;
    node.output(Concat{axis}, inputs, dims);
}

void import_constant(OnnxNode &node) {
    if (node.has_attribute("value")) {
        const auto folder = node.builder().folder();
        node.output_constant(read_tensor(node.attribute_tensor("value"), folder));
    } else if (node.has_attribute("value_float")) {
        node.output_constant(make_floats({}, {node.attribute_float("value_float", 0)}));
    } else if (node.has_attribute("value_floats")) {
        const auto data = node.attribute_floats("value_floats");
        node.output_constant(make_floats({int64_t(data.size())}, data));
    } else if (node.has_attribute("value_int")) {
        node.output_constant(make_integers({}, {node.attribute_int("value_int", 0)}));
    } else if (node.has_attribute("value_ints")) {
        const auto data = node.attribute_ints("value_ints", {});
        node.output_constant(make_integers({int64_t(data.size())}, data));
    } else {
        node.fail(
            "it has no value, expected one of the attributes value, value_float, "
            "value_floats, value_int, value_ints");
    }
}

void import_flatten(OnnxNode &node) {
    const auto dims = input_dims(node);
    const int axis = node.attribute_axis(1, dims.size(), int64_t(dims.size()));
    output_reshaped(node, {product(dims, 0, axis), product(dims, axis, dims.size())});
}

void import_reshape(OnnxNode &node) {
    const int64_t allow_zero = node.attribute_int("allowzero", 0);
    if (allow_zero != 0 && allow_zero != 1) node.fail("attribute 'allowzero' must be 0 or 1");
    const OnnxTensor &shape = node.integers(1, "shape");
    node.expect_rank("shape", shape.dims, 1);
    output_reshaped(node, resolve_shape(node, shape.integers, input_dims(node), allow_zero == 1));
}

void import_squeeze(OnnxNode &node) {
    const Dims from = input_dims(node);
    std::set<int64_t> axes;
    if (has_integers(node, "axes", 1)) {
        for (int64_t axis : read_integers(node, "axes", 1)) {
            axes.insert(resolve_axis(node, "axes", axis, from.size()));
        }
    } else {
        for (size_t d = 0; d < from.size(); ++d) {
            if (from[d] == 1) axes.insert(int64_t(d));
        }
    }
    Dims to;
    for (size_t d = 0; d < from.size(); ++d) {
        if (!axes.contains(int64_t(d))) {
            to.push_back(from[d]);
        } else if (from[d] != 1) {
            node.fail("axis " + std::to_string(d) + " of input " + dims_text(from) +
                      " is not 1, expected 1 where it is squeezed");
        }
    }
    output_reshaped(node, to);
}

void import_unsqueeze(OnnxNode &node) {
    const Dims from = input_dims(node);
    if (!has_integers(node, "axes", 1)) node.fail("axes are missing");
    const Dims listed = read_integers(node, "axes", 1);
    const size_t rank = from.size() + listed.size();
    std::set<int64_t> axes;
    for (int64_t axis : listed) {
        if (!axes.insert(resolve_axis(node, "axes", axis, rank)).second) {
            node.fail("axes " + dims_text(listed) + " name one axis twice");
        }
    }
    Dims to;
    auto next = from.begin();
    for (size_t d = 0; d < rank; ++d) to.push_back(axes.contains(int64_t(d)) ? 1 : *next++);
    output_reshaped(node, to);
}

}  // namespace convoy
