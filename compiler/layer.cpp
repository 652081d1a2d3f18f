#include "compiler/layer.h"

#include "compiler/compile.h"
#include "compiler/npy.h"

namespace convoy {

namespace fs = std::filesystem;

namespace {

Constant share(std::vector<float> values) {
    return std::make_shared<const std::vector<float>>(std::move(values));
}

}  // namespace

LayerConstants read_layer_constants(const Layer &layer, const fs::path &weights,
                                    const fs::path &bias) {
    const ConvProblem &p = layer.problem;
    if (weights.empty() && bias.empty()) return {};
    if (weights.empty()) throw CompileError("--bias without --weights, expected both or neither");
    if (bias.empty() == layer.has_bias)
        throw CompileError(to_string(layer) + (layer.has_bias
                                                   ? " has a bias, expected --bias FILE.npy"
                                                   : " has no +bias, expected no --bias"));
    LayerConstants constants;
    constants.weights = share(read_npy(weights, {p.oc, p.ic_per_group(), p.kh, p.kw}));
    if (layer.has_bias) constants.bias = share(read_npy(bias, {p.oc}));
    return constants;
}

Graph layer_graph(const Layer &layer, const LayerConstants &constants) {
    const ConvProblem &p = layer.problem;
    Conv2d conv{p, constants.weights, constants.bias, layer.has_addend, layer.activation};
    if (!layer.has_bias) conv.bias = share(std::vector<float>(p.oc, 0.0f));
    Graph graph;
    graph.name = to_string(layer);
    const auto add_value = [&](const char *name, const std::vector<int64_t> &dims) {
        graph.values.push_back({name, dims});
        return (ValueId)graph.values.size() - 1;
    };
    const auto add_input = [&](const char *name, const std::vector<int64_t> &dims) {
        graph.inputs.push_back(add_value(name, dims));
        return graph.inputs.back();
    };
    std::vector<ValueId> inputs = {add_input("input", {p.mb, p.ic, p.ih, p.iw})};
    if (!conv.weights) inputs.push_back(add_input("weights", {p.oc, p.ic_per_group(), p.kh, p.kw}));
    if (!conv.bias) inputs.push_back(add_input("bias", {p.oc}));
    if (layer.has_addend)
        inputs.insert(inputs.begin() + 1, add_input("addend", {p.mb, p.oc, p.oh, p.ow}));
    graph.outputs = {add_value("output", {p.mb, p.oc, p.oh, p.ow})};
    const std::string name = layer.name.empty() ? to_string(layer) : layer.name;
    graph.nodes.push_back({name, conv, inputs, graph.outputs[0]});
    check(graph);
    return graph;
}

std::string layer_library_name(const Layer &layer) {
    std::string name = library_name(layer.name.empty() ? to_string(layer) : layer.name);
    while (name.size() > 1 && name.back() == '_') name.pop_back();
    return name;
}

bool is_layer_descriptor(const fs::path &argument) {
    std::error_code ignored;
    return argument.extension() != ".onnx" && !fs::exists(argument, ignored);
}

}  // namespace convoy
