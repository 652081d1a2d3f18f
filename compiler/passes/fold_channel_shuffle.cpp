#include "compiler/passes/fold_channel_shuffle.h"

#include <algorithm>
#include <numeric>

#include "compiler/passes/rewrite.h"

namespace convoy {

namespace {

// A renaming of channels: renamed[c] = original[order[c]].
using Order = std::vector<int>;

Order order_of(const ChannelShuffle &shuffle, int channels) {
    Order order(channels);
    for (int c = 0; c < channels; ++c)
        order[c] = c % shuffle.groups * (channels / shuffle.groups) + c / shuffle.groups;
    return order;
}

Order inverse(const Order &order) {
    Order inverted(order.size());
    for (size_t c = 0; c < order.size(); ++c) inverted[order[c]] = int(c);
    return inverted;
}

// Equal parts of the data, a part a channel, put in order; `rows` times over.
Constant in_order(const Constant &data, const Order &order, size_t rows = 1) {
    std::vector<float> ordered(data->size());
    const size_t row = data->size() / rows, part = row / order.size();
    for (size_t r = 0; r < rows; ++r) {
        for (size_t c = 0; c < order.size(); ++c) {
            std::copy_n(data->begin() + r * row + order[c] * part, part,
                        ordered.begin() + r * row + c * part);
        }
    }
    return std::make_shared<const std::vector<float>>(std::move(ordered));
}

bool is_dense(const Conv2d &conv) {
    return conv.problem.g == 1 && conv.has_constants();
}

bool is_depthwise(const Conv2d &conv) {
    const ConvProblem &p = conv.problem;
    return p.g == p.ic && p.g == p.oc && !conv.has_residual && conv.has_constants();
}

// What a node can do about the order of its channels. Most do one thing to each of them.
bool keeps_order(const Operation &operation) {
    if (const auto *conv = std::get_if<Conv2d>(&operation)) return is_depthwise(*conv);
    return std::holds_alternative<ScaleShift>(operation) ||
           std::holds_alternative<Activate>(operation) || std::holds_alternative<Pool2d>(operation);
}

// Makes a node that keeps the order do the same to renamed channels.
void rename(Operation &operation, const Order &order) {
    if (auto *conv = std::get_if<Conv2d>(&operation)) {
        conv->weights = in_order(conv->weights, order);
        conv->bias = in_order(conv->bias, order);
    } else if (auto *scale = std::get_if<ScaleShift>(&operation)) {
        scale->scale = in_order(scale->scale, order);
        scale->shift = in_order(scale->shift, order);
    }
}

bool mixes_inputs(const Graph &graph, const Node &node, ValueId input) {
    const auto *conv = std::get_if<Conv2d>(&node.operation);
    if (conv)
        return is_dense(*conv) && std::ranges::count(node.inputs, input) == 1 &&
               node.inputs[0] == input;
    const auto *fc = std::get_if<FullyConnected>(&node.operation);
    return fc && graph.values[input].dims[0] == fc->mb;
}

// Makes a node that mixes its input's channels read renamed ones.
void rename_inputs(Operation &operation, const Order &order) {
    if (auto *conv = std::get_if<Conv2d>(&operation)) {
        conv->weights = in_order(conv->weights, order, size_t(conv->problem.oc));
    } else {
        auto &fc = std::get<FullyConnected>(operation);
        fc.weights = in_order(fc.weights, order, size_t(fc.oc));
    }
}

void remove_shuffle(Graph &graph, int n) {
    const Node shuffle = graph.nodes[n];
    for (Node &node : graph.nodes)
        std::ranges::replace(node.inputs, shuffle.output, shuffle.inputs[0]);
    erase_node(graph, n);
}

// Down to the node that mixes the channels, through sole readers that keep their order.
bool fold_into_reader(Graph &graph, int n) {
    const Node &shuffle = graph.nodes[n];
    std::vector<int> between;
    ValueId value = shuffle.output;
    for (;;) {
        const int reader = sole_reader(graph, value);
        if (reader < 0) return false;
        Node &node = graph.nodes[reader];
        const int channels = int(graph.values[shuffle.output].dims[1]);
        // They compute on the order before the shuffle.
        const Order order =
            inverse(order_of(std::get<ChannelShuffle>(shuffle.operation), channels));
        if (mixes_inputs(graph, node, value)) {
            for (const int b : between) rename(graph.nodes[b].operation, order);
            rename_inputs(node.operation, order);
            remove_shuffle(graph, n);
            return true;
        }
        if (!keeps_order(node.operation)) return false;
        between.push_back(reader);
        value = node.output;
    }
}

// Up to a convolution that can write its channels in the shuffle's order.
bool fold_into_producer(Graph &graph, int n) {
    const Node &shuffle = graph.nodes[n];
    std::vector<int> between;
    ValueId value = shuffle.inputs[0];
    for (;;) {
        const int producer = graph.producer(value);
        if (producer < 0 || graph.uses(value) != 1) return false;
        Node &node = graph.nodes[producer];
        const int channels = int(graph.values[shuffle.output].dims[1]);
        const Order order = order_of(std::get<ChannelShuffle>(shuffle.operation), channels);
        auto *conv = std::get_if<Conv2d>(&node.operation);
        if (conv && is_dense(*conv) && !conv->has_residual) {
            conv->weights = in_order(conv->weights, order);
            conv->bias = in_order(conv->bias, order);
            for (const int b : between) rename(graph.nodes[b].operation, order);
            // The last of them writes what the shuffle wrote, under its name.
            graph.nodes[graph.producer(shuffle.inputs[0])].output = shuffle.output;
            erase_node(graph, n);
            return true;
        }
        if (!keeps_order(node.operation)) return false;
        between.push_back(producer);
        value = node.inputs[0];
    }
}

}  // namespace

bool fold_channel_shuffle(Graph &graph) {
    bool is_changed = false;
    for (int n = 0; n < int(graph.nodes.size());) {
        const bool is_folded = std::holds_alternative<ChannelShuffle>(graph.nodes[n].operation) &&
                               (fold_into_reader(graph, n) || fold_into_producer(graph, n));
        is_changed = is_changed || is_folded;
        if (!is_folded) ++n;
    }
    return is_changed;
}

}  // namespace convoy
