#include "compiler/onnx/fold_constants.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>

#include "compiler/onnx/movement.h"
#include "compiler/onnx/operators.h"
#include "onnx.pb.h"

namespace convoy {

namespace {

// Constants are float32 or int64; what both have is written once.
template<typename T>
std::vector<T> data_of(const OnnxTensor &tensor) {
    if (tensor.is_float) return {tensor.floats->begin(), tensor.floats->end()};
    return {tensor.integers.begin(), tensor.integers.end()};
}

OnnxTensor tensor_of(const Dims &dims, std::vector<float> data) {
    OnnxTensor tensor;
    tensor.dims = dims;
    tensor.floats = std::make_shared<const std::vector<float>>(std::move(data));
    return tensor;
}

OnnxTensor tensor_of(const Dims &dims, std::vector<int64_t> data) {
    OnnxTensor tensor;
    tensor.dims = dims;
    tensor.is_float = false;
    tensor.integers = std::move(data);
    return tensor;
}

// For each element of the broadcast dims, the element of an operand.
std::vector<int64_t> broadcast(const Dims &from, const Dims &to) {
    Dims padded = from;
    padded.insert(padded.begin(), to.size() - from.size(), 1);
    CopyProblem copy = whole_copy(padded);
    for (size_t d = 0; d < to.size(); ++d) {
        if (padded[d] != to[d]) copy.dims[d] = {to[d], 0, 0, to[d]};
    }
    return copied_elements(copy);
}

Dims broadcast_dims(const OnnxNode &node, const std::vector<Dims> &operands) {
    size_t rank = 0;
    for (const Dims &dims : operands) rank = std::max(rank, dims.size());
    Dims to(rank, 1);
    for (const Dims &dims : operands) {
        for (size_t d = 0; d < dims.size(); ++d) {
            int64_t &extent = to[rank - dims.size() + d];
            if (extent != dims[d] && extent != 1 && dims[d] != 1) {
                node.fail("operands are " + dims_text(operands[0]) + " and " + dims_text(dims) +
                          ", expected dims that are equal or 1, aligned at their ends");
            }
            if (extent == 1) extent = dims[d];
        }
    }
    if (element_count(to) < 0) node.fail("its constant is too large: " + dims_text(to));
    return to;
}

template<typename T>
T divide(const OnnxNode &node, T a, T b) {
    if constexpr (std::is_integral_v<T>) {
        if (b == 0) node.fail("it divides a constant by zero");
        if (b == -1) return T(0 - uint64_t(a));  // the lowest integer has no negative
    }
    return a / b;
}

template<typename T>
T binary(const OnnxNode &node, const std::string &op, T a, T b) {
    // Integers wrap round, as elsewhere.
    using Wide = std::conditional_t<std::is_integral_v<T>, uint64_t, T>;
    if (op == "Add") return T(Wide(a) + Wide(b));
    if (op == "Sub") return T(Wide(a) - Wide(b));
    if (op == "Mul") return T(Wide(a) * Wide(b));
    if (op == "Div") return divide(node, a, b);
    if (op == "Min") return std::min(a, b);
    if (op == "Max") return std::max(a, b);
    return T(a == b);  // Equal
}

template<typename T>
T unary(const std::string &op, T x) {
    if constexpr (std::is_floating_point_v<T>) {
        if (op == "Floor") return std::floor(x);
        if (op == "Ceil") return std::ceil(x);
        if (op == "Sqrt") return std::sqrt(x);
    }
    if (op == "Neg") return std::is_integral_v<T> ? T(0 - uint64_t(x)) : -x;
    return x;
}

template<typename T>
void fold_binary_as(OnnxNode &node) {
    const OnnxTensor &a = node.constant(0, "operand"), &b = node.constant(1, "operand");
    const Dims to = broadcast_dims(node, {a.dims, b.dims});
    const auto at_a = broadcast(a.dims, to), at_b = broadcast(b.dims, to);
    const std::vector<T> x = data_of<T>(a), y = data_of<T>(b);
    std::vector<T> result;
    for (size_t i = 0; i < at_a.size(); ++i)
        result.push_back(binary<T>(node, node.op_type(), x[at_a[i]], y[at_b[i]]));
    if (node.op_type() == "Equal")
        return node.output_constant(tensor_of(to, Dims(result.begin(), result.end())));
    node.output_constant(tensor_of(to, std::move(result)));
}

void fold_binary(OnnxNode &node) {
    const bool is_float = node.constant(0, "operand").is_float;
    if (node.input_count() != 2 || is_float != node.constant(1, "operand").is_float) {
        node.fail("expected two constants, both of floats or both of integers");
    }
    is_float ? fold_binary_as<float>(node) : fold_binary_as<int64_t>(node);
}

void fold_unary(OnnxNode &node) {
    const OnnxTensor &from = node.constant(0, "input");
    const auto apply = [&](auto data) {
        for (auto &x : data) x = unary(node.op_type(), x);
        node.output_constant(tensor_of(from.dims, std::move(data)));
    };
    from.is_float ? apply(data_of<float>(from)) : apply(from.integers);
}

void fold_cast(OnnxNode &node) {
    const OnnxTensor &from = node.constant(0, "input");
    const int64_t to = node.attribute_int("to", 0);
    switch (to) {
        case onnx::TensorProto::FLOAT:
            return node.output_constant(tensor_of(from.dims, data_of<float>(from)));
        case onnx::TensorProto::INT32:
        case onnx::TensorProto::INT64:
            return node.output_constant(tensor_of(from.dims, data_of<int64_t>(from)));
        case onnx::TensorProto::BOOL: {
            std::vector<int64_t> flags;
            for (double x : data_of<double>(from)) flags.push_back(x != 0);
            return node.output_constant(tensor_of(from.dims, std::move(flags)));
        }
    }
    node.fail("attribute 'to' is " + std::to_string(to) +
              ", expected FLOAT, INT32, INT64 or BOOL of a constant");
}

void fold_concat(OnnxNode &node) {
    Dims to = input_dims(node);
    const int axis = node.attribute_axis(0, to.size(), int64_t(to.size()) - 1);
    const bool is_float = node.constant(0, "input").is_float;
    int64_t outer = 1;
    for (int d = 0; d < axis; ++d) outer *= to[d];
    to[axis] = 0;
    for (int i = 0; i < node.input_count(); ++i) {
        Dims dims = input_dims(node, i);
        const int64_t extent = dims.size() == to.size() ? dims[axis] : 0;
        if (dims.size() == to.size()) dims[axis] = to[axis];
        if (dims != to || node.constant(i, "input").is_float != is_float) {
            node.fail("its constants differ in type or dims");
        }
        to[axis] += extent;
    }
    const auto join = [&](auto empty) {
        auto joined = empty;
        for (int64_t o = 0; o < outer; ++o) {
            for (int i = 0; i < node.input_count(); ++i) {
                const auto part =
                    data_of<typename decltype(empty)::value_type>(node.constant(i, "input"));
                const auto run = int64_t(part.size()) / outer;
                joined.insert(joined.end(), part.begin() + o * run, part.begin() + (o + 1) * run);
            }
        }
        node.output_constant(tensor_of(to, std::move(joined)));
    };
    is_float ? join(std::vector<float>()) : join(std::vector<int64_t>());
}

void fold_constant_of_shape(OnnxNode &node) {
    const Dims &dims = node.integers(0, "input").integers;
    const int64_t count = element_count(dims);
    if (count < 0) node.fail("its constant is too large: " + dims_text(dims));
    OnnxTensor value = tensor_of({1}, std::vector<float>{0});
    if (node.has_attribute("value"))
        value = read_tensor(node.attribute_tensor("value"), node.builder().folder());
    if (element_count(value.dims) != 1) node.fail("attribute 'value' must hold one element");
    if (value.is_float) {
        node.output_constant(tensor_of(dims, std::vector<float>(count, value.floats->front())));
    } else {
        node.output_constant(tensor_of(dims, std::vector<int64_t>(count, value.integers.front())));
    }
}

template<typename T>
void fold_range_as(OnnxNode &node) {
    T values[3];
    for (int i = 0; i < 3; ++i) {
        const auto data = data_of<T>(node.constant(i, "input"));
        if (data.size() != 1) node.fail("start, limit and delta must be scalars");
        values[i] = data[0];
    }
    const auto [start, limit, delta] = values;
    const double count = std::ceil((double(limit) - double(start)) / double(delta));
    if (delta == 0 || !(count <= double(max_elements))) {
        node.fail("its range has no end within " + std::to_string(max_elements) + " elements");
    }
    std::vector<T> data;
    for (int64_t i = 0; double(i) < count; ++i) data.push_back(start + T(i) * delta);
    const Dims dims = {int64_t(data.size())};
    node.output_constant(tensor_of(dims, std::move(data)));
}

void fold_range(OnnxNode &node) {
    node.constant(0, "start").is_float ? fold_range_as<float>(node) : fold_range_as<int64_t>(node);
}

void fold_where(OnnxNode &node) {
    const OnnxTensor &condition = node.integers(0, "condition"), &x = node.constant(1, "X"),
                     &y = node.constant(2, "Y");
    if (x.is_float != y.is_float) node.fail("its constants differ in type");
    const Dims to = broadcast_dims(node, {condition.dims, x.dims, y.dims});
    const auto at = broadcast(condition.dims, to), at_x = broadcast(x.dims, to),
               at_y = broadcast(y.dims, to);
    const auto choose = [&](const auto &a, const auto &b) {
        auto chosen = a;
        chosen.clear();
        for (size_t i = 0; i < at.size(); ++i)
            chosen.push_back(condition.integers[at[i]] ? a[at_x[i]] : b[at_y[i]]);
        node.output_constant(tensor_of(to, std::move(chosen)));
    };
    x.is_float ? choose(*x.floats, *y.floats) : choose(x.integers, y.integers);
}

// Read dims only: the input may be an activation.
void fold_shape(OnnxNode &node) {
    const Dims dims = input_dims(node);
    const auto rank = int64_t(dims.size());
    const auto resolve = [&](const char *attribute, int64_t otherwise) {
        const int64_t at = node.attribute_int(attribute, otherwise);
        return std::clamp<int64_t>(at < 0 ? at + rank : at, 0, rank);
    };
    const int64_t start = resolve("start", 0), end = std::max(start, resolve("end", rank));
    const Dims part(dims.begin() + start, dims.begin() + end);
    node.output_constant(tensor_of({int64_t(part.size())}, part));
}

void fold_size(OnnxNode &node) {
    node.output_constant(tensor_of({}, Dims{element_count(input_dims(node))}));
}

const std::map<std::string, void (*)(OnnxNode &)> folders = {
    {"Add", fold_binary},
    {"Cast", fold_cast},
    {"Ceil", fold_unary},
    {"Concat", fold_concat},
    {"ConstantOfShape", fold_constant_of_shape},
    {"Div", fold_binary},
    {"Equal", fold_binary},
    {"Floor", fold_unary},
    {"Max", fold_binary},
    {"Min", fold_binary},
    {"Mul", fold_binary},
    {"Neg", fold_unary},
    {"Range", fold_range},
    {"Shape", fold_shape},
    {"Size", fold_size},
    {"Sqrt", fold_unary},
    {"Sub", fold_binary},
    {"Where", fold_where},
};

}  // namespace

bool fold_constants(OnnxNode &node) {
    const auto folder = folders.find(node.op_type());
    if (folder == folders.end() || node.input_count() == 0) return false;
    const bool reads_dims_only = node.op_type() == "Shape" || node.op_type() == "Size";
    for (int i = 0; i < node.input_count() && !reads_dims_only; ++i) {
        if (!node.has_input(i) || !node.is_constant(i)) return false;
    }
    folder->second(node);
    return true;
}

void import_constants_only(OnnxNode &node) {
    for (int i = 0; i < node.input_count(); ++i) node.constant(i, "input");
    node.fail("it has no inputs, expected constants");
}

}  // namespace convoy
