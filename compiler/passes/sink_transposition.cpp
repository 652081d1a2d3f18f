#include "compiler/passes/sink_transposition.h"

#include <algorithm>
#include <array>
#include <optional>
#include <set>

#include "compiler/passes/rewrite.h"

namespace convoy {

namespace {

using Dims = std::vector<int64_t>;
using Floats = std::vector<float>;

// The dim of its input that each dim of a transposition's output is.
using Order = std::array<int, 4>;
constexpr Order channels_last = {0, 2, 3, 1}, channels_first = {0, 3, 1, 2};

Dims in_order(const Dims &dims, const Order &order) {
    Dims ordered;
    for (const int d : order) ordered.push_back(dims[d]);
    return ordered;
}

bool transposes(const Graph &graph, const Node &node, const Order &order) {
    const auto *strided = std::get_if<StridedCopy>(&node.operation);
    if (!strided) return false;
    const Dims &from = graph.values[node.inputs[0]].dims, &to = graph.values[node.output].dims;
    if (from.size() != 4 || to != in_order(from, order)) return false;
    const CopyProblem whole = whole_copy(from);
    CopyProblem copy;
    for (const int d : order) copy.dims.push_back(whole.dims[d]);
    return merge_dims(strided->copy) == merge_dims(copy);
}

// Constant values, or null where the value is computed.
const Floats *literal(const Graph &graph, ValueId value) {
    const int producer = graph.producer(value);
    if (producer < 0) return nullptr;
    const auto *found = std::get_if<Literal>(&graph.nodes[producer].operation);
    return found ? found->data.get() : nullptr;
}

Constant filled(int64_t count, float x) {
    return std::make_shared<const Floats>(size_t(count), x);
}

// Makes of a node on channels last the one that does the same on channels first.
class Mover {
public:
    // `values` are those that will have their channels first; their dims are still the old ones.
    Mover(const Graph &graph, const Node &node, const std::set<ValueId> &values)
        : graph_(graph), node_(node), values_(values) {}

    std::optional<Node> run() const { return std::visit(*this, node_.operation); }

    std::optional<Node> operator()(const Activate &) const { return node_; }

    std::optional<Node> operator()(const Normalize &normalize) const {
        if (normalize.first != 3 || normalize.last != 4) return {};
        Normalize moved = normalize;
        moved.first = 1, moved.last = 2;
        return with(moved);
    }

    // Dimension 1 is the rows here: only what is one value for all of them may move.
    std::optional<Node> operator()(const ScaleShift &rows) const {
        const auto is_one = [](const Floats &x) { return std::ranges::count(x, x[0]) == ssize(x); };
        if (!is_one(*rows.scale) || !is_one(*rows.shift)) return {};
        const int64_t c = dims(0)[3];
        return with(ScaleShift{filled(c, rows.scale->front()), filled(c, rows.shift->front()),
                               rows.activation});
    }

    std::optional<Node> operator()(const Binary &binary) const {
        if (is_moved(0) && is_moved(1)) return node_;
        const int other = is_moved(0) ? 1 : 0;
        const Floats *constant = literal(graph_, node_.inputs[other]);
        const int64_t c = dims(1 - other)[3];
        if (!constant || dims(other) != Dims{1, 1, 1, c}) return {};
        ScaleShift moved{filled(c, 1), filled(c, 0), binary.activation};
        Floats values = *constant;
        const bool is_difference = binary.combine == Combine::sub && other == 1;
        if (is_difference) {
            for (float &x : values) x = -x;
        }
        auto data = std::make_shared<const Floats>(std::move(values));
        if (binary.combine == Combine::mul) {
            moved.scale = data;
        } else if (binary.combine == Combine::add || is_difference) {
            moved.shift = data;
        } else {
            return {};
        }
        return with(moved, node_.inputs[1 - other]);
    }

    std::optional<Node> operator()(const MatMul &matmul) const {
        const Floats *matrix = literal(graph_, node_.inputs[1]);
        if (!matrix || !is_moved(0) || matmul.is_a_transposed) return {};
        if (dims(1)[0] != 1 || dims(1)[1] != 1) return {};
        const Dims &from = dims(0);
        const int64_t ic = from[3], oc = graph_.values[node_.output].dims[3];
        Floats weights(matrix->size());
        for (int64_t o = 0; o < oc; ++o) {
            for (int64_t i = 0; i < ic; ++i) {
                weights[o * ic + i] = (*matrix)[matmul.is_b_transposed ? o * ic + i : i * oc + o];
            }
        }
        Conv2d conv;
        ConvProblem &p = conv.problem;
        p.mb = int(from[0]), p.ic = int(ic), p.oc = int(oc);
        p.ih = p.oh = int(from[1]), p.iw = p.ow = int(from[2]);
        conv.weights = std::make_shared<const Floats>(std::move(weights));
        conv.bias = filled(oc, 0);
        return with(conv, node_.inputs[0]);
    }

    std::optional<Node> operator()(const auto &) const { return {}; }

private:
    bool is_moved(int input) const { return values_.contains(node_.inputs[input]); }
    const Dims &dims(int input) const { return graph_.values[node_.inputs[input]].dims; }
    std::optional<Node> with(Operation operation) const {
        return with(std::move(operation), node_.inputs[0]);
    }
    std::optional<Node> with(Operation operation, ValueId input) const {
        return Node{node_.name, std::move(operation), {input}, node_.output};
    }

    const Graph &graph_;
    const Node &node_;
    const std::set<ValueId> &values_;
};

// What a transposition to channels last leads to.
struct Region {
    std::set<ValueId> values;                 // that have their channels last
    std::vector<std::pair<int, Node>> moved;  // nodes, and what they become
    std::vector<int> ends;                    // transpositions back
};

// Of the transposition at node n; none where one way from it does not end in a transposition back,
// because what is moved there would still have to be transposed.
std::optional<Region> find_region(const Graph &graph, int n) {
    Region region{{graph.nodes[n].output}, {}, {}};
    for (int m = n + 1; m < int(graph.nodes.size()); ++m) {
        const Node &node = graph.nodes[m];
        const auto is_inside = [&](ValueId value) { return region.values.contains(value); };
        if (std::ranges::none_of(node.inputs, is_inside)) continue;
        if (transposes(graph, node, channels_first)) {
            region.ends.push_back(m);
            continue;
        }
        auto moved = Mover(graph, node, region.values).run();
        if (!moved) return {};
        region.moved.emplace_back(m, std::move(*moved));
        region.values.insert(node.output);
    }
    const bool is_read_outside = std::ranges::any_of(
        graph.outputs, [&](ValueId output) { return region.values.contains(output); });
    if (region.ends.empty() || is_read_outside) return {};
    return region;
}

bool take_out(Graph &graph, int n) {
    auto region = find_region(graph, n);
    if (!region) return false;
    for (auto &[m, node] : region->moved) graph.nodes[m] = std::move(node);
    for (const ValueId value : region->values)
        graph.values[value].dims = in_order(graph.values[value].dims, channels_first);
    graph.nodes[n].operation = Reshape{};
    for (const int end : region->ends) graph.nodes[end].operation = Reshape{};
    return true;
}

}  // namespace

bool sink_transposition(Graph &graph) {
    bool is_changed = false;
    for (int n = 0; n < int(graph.nodes.size()); ++n) {
        if (transposes(graph, graph.nodes[n], channels_last))
            is_changed = take_out(graph, n) || is_changed;
    }
    return is_changed;
}

}  // namespace convoy
