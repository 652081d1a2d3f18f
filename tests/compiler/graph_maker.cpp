#include "tests/compiler/graph_maker.h"

#include <gtest/gtest.h>

#include "compiler/reference.h"

namespace convoy {

Constant GraphMaker::integers(int64_t count, int low, int high) {
    std::uniform_int_distribution<int> distribution(low, high);
    std::vector<float> data(count);
    for (float &x : data) x = float(distribution(random_));
    return std::make_shared<const std::vector<float>>(std::move(data));
}

ValueId GraphMaker::add_value(std::vector<int64_t> dims) {
    graph.values.push_back({"v" + std::to_string(graph.values.size()), std::move(dims)});
    return ValueId(graph.values.size()) - 1;
}

ValueId GraphMaker::input(std::vector<int64_t> dims) {
    graph.inputs.push_back(add_value(std::move(dims)));
    return graph.inputs.back();
}

ValueId GraphMaker::append(Operation operation, std::vector<ValueId> inputs,
                           std::vector<int64_t> dims) {
    const ValueId output = add_value(std::move(dims));
    const std::string name = "n" + std::to_string(graph.nodes.size());
    graph.nodes.push_back({name, std::move(operation), std::move(inputs), output});
    return output;
}

ValueId GraphMaker::conv(ValueId input, int oc, int k, int pad, int g) {
    const auto dims = graph.values[input].dims;
    Conv2d conv;
    ConvProblem &p = conv.problem;
    p.mb = int(dims[0]);
    p.g = g;
    p.ic = int(dims[1]), p.ih = int(dims[2]), p.iw = int(dims[3]);
    p.oc = oc;
    p.kh = p.kw = k;
    p.ph = p.pw = p.ph_end = p.pw_end = pad;
    p.oh = output_extent(p.ih, k, 1, 1, pad, pad);
    p.ow = output_extent(p.iw, k, 1, 1, pad, pad);
    conv.weights = integers(p.weight_count());
    conv.bias = integers(oc);
    return append(conv, {input}, {p.mb, p.oc, p.oh, p.ow});
}

ValueId GraphMaker::fully_connected(ValueId input, int mb, int oc) {
    FullyConnected fc;
    fc.mb = mb;
    fc.ic = int(graph.values[input].count() / mb);
    fc.oc = oc;
    fc.weights = integers(int64_t{fc.ic} * oc);
    fc.bias = integers(oc);
    return append(fc, {input}, {mb, oc});
}

ValueId GraphMaker::scale_shift(ValueId input, bool has_shift) {
    const auto dims = graph.values[input].dims;
    ScaleShift scale_shift;
    scale_shift.scale = integers(dims[1], 1, 4);
    scale_shift.shift = has_shift ? integers(dims[1], 1, 4) : integers(dims[1], 0, 0);
    return append(scale_shift, {input}, dims);
}

ValueId GraphMaker::activate(ValueId input, Activation activation) {
    return append(Activate{activation}, {input}, graph.values[input].dims);
}

ValueId GraphMaker::add(ValueId a, ValueId b) {
    return append(Binary{}, {a, b}, graph.values[a].dims);
}

ValueId GraphMaker::reshape(ValueId input, std::vector<int64_t> dims) {
    return append(Reshape{}, {input}, std::move(dims));
}

Graph GraphMaker::finish(std::vector<ValueId> outputs) {
    graph.outputs = std::move(outputs);
    check(graph);
    return graph;
}

std::vector<std::vector<double>> integer_inputs(const Graph &graph) {
    std::mt19937 random(2);
    std::uniform_int_distribution<int> distribution(-4, 4);
    std::vector<std::vector<double>> inputs;
    for (ValueId input : graph.inputs) {
        auto &data = inputs.emplace_back(graph.values[input].count());
        for (double &x : data) x = distribution(random);
    }
    return inputs;
}

std::string operations(const Graph &graph) {
    std::string names;
    for (const Node &node : graph.nodes) {
        names += (names.empty() ? "" : " ") + std::string(operation_name(node.operation));
    }
    return names;
}

void expect_same_results(const Graph &before, const Graph &after) {
    check(after);
    const auto inputs = integer_inputs(before);
    EXPECT_EQ(evaluate(after, inputs), evaluate(before, inputs));
    ASSERT_EQ(before.outputs.size(), after.outputs.size());
    for (size_t i = 0; i < before.outputs.size(); ++i) {
        EXPECT_EQ(after.values[after.outputs[i]].name, before.values[before.outputs[i]].name);
    }
}

}  // namespace convoy
