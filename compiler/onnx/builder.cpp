#include "compiler/onnx/builder.h"

#include <algorithm>
#include <cmath>

#include "compiler/reference.h"
#include "onnx.pb.h"

namespace convoy {

namespace {

// Names come from the file: a line break in one must not break the one-line promise.
std::string one_line(std::string text) {
    for (char &c : text) {
        if (static_cast<unsigned char>(c) < ' ' || c == 127) c = '?';
    }
    return text;
}

}  // namespace

OnnxBuilder::OnnxBuilder(const std::filesystem::path &file, const ImportOptions &options)
    : file_(file), options_(options) {
    graph.name = file.stem().string();
}

void OnnxBuilder::fail(const std::string &what) const {
    throw ImportError(one_line(file_.string() + ": " + what));
}

void OnnxBuilder::warn(const std::string &what) const {
    if (options_.warn) options_.warn(one_line(file_.string() + ": " + what));
}

bool OnnxBuilder::is_defined(const std::string &name) const {
    return definitions_.contains(name);
}

bool OnnxBuilder::is_constant(const std::string &name) const {
    return definitions_.at(name).value < 0;
}

void OnnxBuilder::define(const std::string &name, Definition definition) {
    if (name.empty()) fail("a value has an empty name");
    if (!definitions_.emplace(name, std::move(definition)).second) {
        fail("'" + name + "' is defined twice, expected one definition of each name");
    }
}

void OnnxBuilder::define_activation(const std::string &name, ValueId value) {
    define(name, {.value = value});
}

void OnnxBuilder::define_constant(const std::string &name, OnnxTensor tensor) {
    warn_of_non_finite(name, tensor);
    define(name, {.tensor = std::make_shared<const OnnxTensor>(std::move(tensor))});
}

void OnnxBuilder::define_initializer(const onnx::TensorProto &proto) {
    define(proto.name(), {.unread = &proto});
}

void OnnxBuilder::define_alias(const std::string &name, const std::string &existing) {
    if (is_constant(existing)) constant(existing);
    define(name, definitions_.at(existing));
}

ValueId OnnxBuilder::activation(const std::string &name) const {
    return definitions_.at(name).value;
}

const OnnxTensor &OnnxBuilder::constant(const std::string &name) {
    Definition &definition = definitions_.at(name);
    if (!definition.tensor) {
        OnnxTensor tensor = read_tensor(*definition.unread, folder());
        warn_of_non_finite(name, tensor);
        definition.tensor = std::make_shared<const OnnxTensor>(std::move(tensor));
    }
    return *definition.tensor;
}

void OnnxBuilder::warn_of_non_finite(const std::string &name, const OnnxTensor &tensor) const {
    if (!tensor.is_float) return;
    const auto count =
        std::ranges::count_if(*tensor.floats, [](float x) { return !std::isfinite(x); });
    if (count == 0) return;
    warn("'" + name + "' holds " + std::to_string(count) + " elements that are NaN or infinite");
}

ValueId OnnxBuilder::add_value(const std::string &name, const std::vector<int64_t> &dims) {
    if (element_count(dims) < 1) {
        throw std::invalid_argument("'" + name + "' has dims " + dims_text(dims) +
                                    ", expected 1 to " + std::to_string(max_elements) +
                                    " elements");
    }
    graph.values.push_back({name, dims});
    return ValueId(graph.values.size()) - 1;
}

ValueId OnnxBuilder::add_node(const std::string &node_name, Operation operation,
                              std::vector<ValueId> inputs, const std::string &output_name,
                              const std::vector<int64_t> &dims) {
    const bool is_constant = !inputs.empty() && std::ranges::all_of(inputs, [&](ValueId input) {
        return literal(input) != nullptr;
    });
    const ValueId output = add_value(output_name, dims);
    Node node{node_name, std::move(operation), std::move(inputs), output};
    if (is_constant) node = {node_name, evaluated(node), {}, output};
    graph.nodes.push_back(std::move(node));
    return output;
}

const Literal *OnnxBuilder::literal(ValueId value) const {
    const int producer = graph.producer(value);
    return producer < 0 ? nullptr : std::get_if<Literal>(&graph.nodes[producer].operation);
}

// What a node computes from literals.
Literal OnnxBuilder::evaluated(const Node &node) const {
    Graph alone{"", graph.values, {}, {}, {node.output}};
    for (ValueId input : node.inputs) alone.nodes.push_back(graph.nodes[graph.producer(input)]);
    alone.nodes.push_back(node);
    const std::vector<double> result = evaluate(alone, {})[0];
    return {std::make_shared<const std::vector<float>>(result.begin(), result.end())};
}

void OnnxBuilder::add_input(const std::string &name, const std::vector<int64_t> &dims) {
    const ValueId value = add_value(name, dims);
    define_activation(name, value);
    graph.inputs.push_back(value);
}

void OnnxBuilder::add_output(const std::string &name) {
    ValueId value = activation(name);
    // An alias of an input or of another output is copied, so that every output has its own value.
    if (std::ranges::count(graph.inputs, value) || std::ranges::count(graph.outputs, value)) {
        const std::vector<int64_t> dims = graph.values[value].dims;
        value = add_node(name, Reshape{}, {value}, name, dims);
    }
    graph.values[value].name = name;
    graph.outputs.push_back(value);
}

}  // namespace convoy
