#include "compiler/graph.h"

#include <algorithm>
#include <stdexcept>

#include "compiler/broadcast.h"

namespace convoy {

namespace {

using Dims = std::vector<int64_t>;

// Checks one node's operation against the dims of what it reads and writes.
class NodeChecker {
public:
    NodeChecker(const Graph &graph, const Node &node) : graph_(graph), node_(node) {}

    void run() const { std::visit(*this, node_.operation); }

    void operator()(const Conv2d &conv) const {
        check(conv.problem);
        expect_inputs(conv.input_count());
        expect_reads(conv);
        expect_writes(conv);
    }

    void operator()(const SeparableConv2d &separable) const {
        const ConvProblem &p = separable.depthwise.problem, &q = separable.pointwise.problem;
        expect_fused(separable.pointwise, separable.depthwise);
        expect_reads(separable.depthwise);
        expect_writes(separable.pointwise);
        if (!is_depthwise(p) || separable.depthwise.has_residual)
            fail("its first part is " + to_string(p) + ", expected a depthwise convolution");
        if (!is_pointwise(q) || q.mb != p.mb || q.ic != p.oc || q.ih != p.oh || q.iw != p.ow)
            fail("its second part is " + to_string(q) + ", expected a pointwise one of the first");
    }

    void operator()(const TwoLevelConv2d &two_level) const {
        const ConvProblem &p = two_level.grouped.problem;
        expect_fused(two_level.grouped, two_level.grouped);
        expect_reads(two_level.grouped);
        expect_writes(two_level.grouped);
        expect_size("representatives", two_level.representatives, int64_t{p.ic} * p.kh * p.kw);
        expect_size("spread", two_level.spread, int64_t{p.oc} * p.g);
    }

    void operator()(const FullyConnected &fc) const {
        expect_inputs(1);
        expect_count("input", input(0), int64_t{fc.mb} * fc.ic);
        expect_dims("output", output(), {fc.mb, fc.oc});
        expect_size("weights", fc.weights, int64_t{fc.oc} * fc.ic);
        expect_size("bias", fc.bias, fc.oc);
    }

    void operator()(const ScaleShift &scale_shift) const {
        expect_inputs(1);
        expect_dims("output", output(), input(0));
        if (input(0).size() < 2) fail("the input has rank below 2, so no channels");
        expect_size("scale", scale_shift.scale, input(0)[1]);
        expect_size("shift", scale_shift.shift, input(0)[1]);
    }

    void operator()(const Binary &) const {
        expect_inputs(2);
        expect_broadcast(input(0), input(1), output());
    }

    void operator()(const Activate &) const {
        expect_inputs(1);
        expect_dims("output", output(), input(0));
    }

    void operator()(const Pool2d &pool) const {
        const PoolProblem &p = pool.problem;
        expect_inputs(1);
        expect_dims("input", input(0), {p.mb, p.c, p.ih, p.iw});
        expect_dims("output", output(), {p.mb, p.c, p.oh, p.ow});
        const int oh = output_extent(p.ih, p.kh, p.sh, p.dh, p.ph, p.ph_end);
        const int ow = output_extent(p.iw, p.kw, p.sw, p.dw, p.pw, p.pw_end);
        expect_dims("output", output(), {p.mb, p.c, oh, ow});
    }

    void operator()(const Concat &concat) const {
        if (node_.inputs.empty()) fail("it has no inputs");
        expect_axis(concat.axis);
        Dims expected = input(0);
        expected[concat.axis] = 0;
        for (size_t i = 0; i < node_.inputs.size(); ++i) {
            if (input(i).size() != expected.size()) fail("its inputs differ in rank");
            const int64_t extent = input(i)[concat.axis];
            expected[concat.axis] += extent;
            Dims alone = expected;
            alone[concat.axis] = extent;
            expect_dims("input", input(i), alone);
        }
        expect_dims("output", output(), expected);
    }

    void operator()(const Softmax &softmax) const {
        expect_inputs(1);
        expect_axis(softmax.axis);
        expect_dims("output", output(), input(0));
    }

    void operator()(const Reduce &reduce) const {
        expect_inputs(1);
        expect_range(reduce.first, reduce.last);
        Dims expected = input(0), without = input(0);
        std::fill(expected.begin() + reduce.first, expected.begin() + reduce.last, 1);
        without.erase(without.begin() + reduce.first, without.begin() + reduce.last);
        expect_dims("output", output(), output() == without ? without : expected);
    }

    void operator()(const Normalize &normalize) const {
        expect_inputs(1);
        expect_range(normalize.first, normalize.last);
        expect_dims("output", output(), input(0));
        int64_t count = 1;
        for (int d = normalize.first; d < normalize.last; ++d) count *= input(0)[d];
        expect_size("scale", normalize.scale, count);
        expect_size("shift", normalize.shift, count);
    }

    void operator()(const MatMul &matmul) const {
        expect_inputs(2);
        Dims a = input(0), b = input(1), result = output();
        if (a.size() < 2 || b.size() < 2 || result.size() < 2) fail("its rank is below 2");
        if (matmul.is_a_transposed) std::swap(a[a.size() - 1], a[a.size() - 2]);
        if (matmul.is_b_transposed) std::swap(b[b.size() - 1], b[b.size() - 2]);
        const Dims product = {a[a.size() - 2], b.back()};
        expect_dims("output's plane", {result.end() - 2, result.end()}, product);
        expect_dims("depth", {b[b.size() - 2]}, {a.back()});
        for (Dims *dims : {&a, &b, &result}) dims->resize(dims->size() - 2);
        expect_broadcast(a, b, result);
    }

    void operator()(const Literal &literal) const {
        expect_inputs(0);
        expect_size("data", literal.data, graph_.values[node_.output].count());
    }

    void operator()(const Reshape &) const {
        expect_inputs(1);
        expect_count("output", output(), graph_.values[node_.inputs[0]].count());
    }

    void operator()(const StridedCopy &strided) const {
        expect_inputs(1);
        expect_count("output", output(), strided.copy.count());
        check(strided.copy, graph_.values[node_.inputs[0]].count());
    }

    void operator()(const Resample &resample) const {
        expect_inputs(1);
        expect_axis(resample.axis);
        Dims expected = input(0);
        const int64_t extent = expected[resample.axis];
        expected[resample.axis] = output().size() == expected.size() ? output()[resample.axis] : -1;
        expect_dims("output", output(), expected);
        const int64_t taps = expected[resample.axis] * resample.taps;
        expect_size("weights", resample.weights, taps);
        expect_size("indices", resample.indices, taps);
        for (float index : *resample.indices) {
            if (!(index >= 0 && index < float(extent))) fail("an index lies outside its axis");
        }
    }

    void operator()(const ChannelShuffle &shuffle) const {
        expect_inputs(1);
        expect_dims("output", output(), input(0));
        if (input(0).size() != 4) fail("its input is " + dims_text(input(0)) + ", expected rank 4");
        if (shuffle.groups < 1 || input(0)[1] % shuffle.groups != 0) {
            fail("its " + std::to_string(shuffle.groups) +
                 " groups do not divide the channels of " + dims_text(input(0)));
        }
    }

    [[noreturn]] void fail(const std::string &what) const {
        throw std::logic_error("graph '" + graph_.name + "', node '" + node_.name + "' (" +
                               operation_name(node_.operation) + "): " + what);
    }

private:
    const Dims &input(size_t i) const { return graph_.values[node_.inputs[i]].dims; }
    const Dims &output() const { return graph_.values[node_.output].dims; }

    // The parts of a fused operation have constants.
    void expect_fused(const Conv2d &last, const Conv2d &first) const {
        check(first.problem);
        check(last.problem);
        if (!first.has_constants() || !last.has_constants())
            fail("its weights or its bias are absent, expected constants");
        expect_inputs(last.has_residual ? 2 : 1);
    }

    void expect_reads(const Conv2d &conv) const {
        const ConvProblem &p = conv.problem;
        expect_dims("input", input(0), {p.mb, p.ic, p.ih, p.iw});
        expect_constants(conv);
    }

    void expect_writes(const Conv2d &conv) const {
        const ConvProblem &p = conv.problem;
        expect_dims("output", output(), {p.mb, p.oc, p.oh, p.ow});
        if (conv.has_residual) {
            Dims expected = output();
            for (size_t d : {0, 2, 3}) {
                if (d < input(1).size() && input(1)[d] == 1) expected[d] = 1;
            }
            expect_dims("residual", input(1), expected);
        }
        expect_constants(conv);
    }

    // Weights and bias, which are inputs where they are not known.
    void expect_constants(const Conv2d &conv) const {
        const ConvProblem &p = conv.problem;
        if (conv.weights) {
            expect_size("weights", conv.weights, p.weight_count());
        } else {
            expect_dims("weights", input(conv.weights_input()),
                        {p.oc, p.ic_per_group(), p.kh, p.kw});
        }
        if (conv.bias) {
            expect_size("bias", conv.bias, p.oc);
        } else {
            expect_dims("bias", input(conv.bias_input()), {p.oc});
        }
    }

    void expect_inputs(size_t count) const {
        if (node_.inputs.size() == count) return;
        fail("it has " + std::to_string(node_.inputs.size()) + " inputs, expected " +
             std::to_string(count));
    }

    void expect_dims(const char *what, const Dims &found, const Dims &expected) const {
        if (found == expected) return;
        fail(std::string("its ") + what + " is " + dims_text(found) + ", expected " +
             dims_text(expected));
    }

    void expect_broadcast(const Dims &a, const Dims &b, const Dims &result) const {
        if (a.size() == b.size() && broadcast_dims(a, b) == result) return;
        fail("its inputs are " + dims_text(a) + " and " + dims_text(b) + ", its output " +
             dims_text(result));
    }

    void expect_range(int first, int last) const {
        if (0 <= first && first < last && last <= int(input(0).size())) return;
        fail("its dims " + std::to_string(first) + " to " + std::to_string(last - 1) +
             " are not those of " + dims_text(input(0)));
    }

    void expect_count(const char *what, const Dims &found, int64_t expected) const {
        if (Value{"", found}.count() == expected) return;
        fail(std::string("its ") + what + " is " + dims_text(found) + ", expected " +
             std::to_string(expected) + " elements");
    }

    void expect_size(const char *what, const Constant &found, int64_t expected) const {
        if (found && int64_t(found->size()) == expected) return;
        fail(std::string("its ") + what +
             (found ? " holds " + std::to_string(found->size()) + " elements" : " is absent") +
             ", expected " + std::to_string(expected) + " elements");
    }

    void expect_axis(int axis) const {
        if (axis >= 0 && axis < int(input(0).size())) return;
        fail("its axis " + std::to_string(axis) + " is not one of " + dims_text(input(0)));
    }

    const Graph &graph_;
    const Node &node_;
};

}  // namespace

const Conv2d *first_conv(const Operation &operation) {
    if (const auto *separable = std::get_if<SeparableConv2d>(&operation))
        return &separable->depthwise;
    return last_conv(operation);
}

const Conv2d *last_conv(const Operation &operation) {
    if (const auto *separable = std::get_if<SeparableConv2d>(&operation))
        return &separable->pointwise;
    if (const auto *two_level = std::get_if<TwoLevelConv2d>(&operation)) return &two_level->grouped;
    return std::get_if<Conv2d>(&operation);
}

int64_t Value::count() const {
    int64_t count = 1;
    for (int64_t dim : dims) count *= dim;
    return count;
}

const char *operation_name(const Operation &operation) {
    static const char *const names[] = {
        "Conv2d",      "SeparableConv2d", "TwoLevelConv2d", "FullyConnected", "ScaleShift",
        "Binary",      "Activate",        "Pool2d",         "Concat",         "Softmax",
        "Reduce",      "Normalize",       "MatMul",         "Literal",        "Reshape",
        "StridedCopy", "Resample",        "ChannelShuffle"};
    static_assert(std::size(names) == std::variant_size_v<Operation>);
    return names[operation.index()];
}

int Graph::uses(ValueId value) const {
    auto count = std::ranges::count(outputs, value);
    for (const Node &node : nodes) count += std::ranges::count(node.inputs, value);
    return int(count);
}

int Graph::producer(ValueId value) const {
    const auto found = std::ranges::find(nodes, value, &Node::output);
    return found == nodes.end() ? -1 : int(found - nodes.begin());
}

int64_t Graph::macs() const {
    int64_t macs = 0;
    for (const Node &node : nodes) {
        if (const Conv2d *first = first_conv(node.operation)) macs += first->problem.macs();
        if (const auto *separable = std::get_if<SeparableConv2d>(&node.operation))
            macs += separable->pointwise.problem.macs();
        if (const auto *two_level = std::get_if<TwoLevelConv2d>(&node.operation)) {
            const ConvProblem &p = two_level->grouped.problem;
            macs += int64_t(two_level->representatives->size() + two_level->spread->size()) * p.mb *
                    p.oh * p.ow;
        }
        if (const auto *fc = std::get_if<FullyConnected>(&node.operation)) {
            macs += int64_t{fc->mb} * fc->ic * fc->oc;
        }
        if (const auto *matmul = std::get_if<MatMul>(&node.operation)) {
            const Dims &a = values[node.inputs[0]].dims;
            macs += values[node.output].count() * a[a.size() - (matmul->is_a_transposed ? 2 : 1)];
        }
    }
    return macs;
}

int64_t Graph::parameter_count() const {
    size_t count = 0;
    for (const Node &node : nodes) {
        if (const auto *separable = std::get_if<SeparableConv2d>(&node.operation)) {
            const Conv2d &last = separable->pointwise;
            count += last.weights->size() + last.bias->size();
        }
        if (const auto *two_level = std::get_if<TwoLevelConv2d>(&node.operation))
            count += two_level->representatives->size() + two_level->spread->size();
        if (const Conv2d *conv = first_conv(node.operation)) {
            if (conv->weights) count += conv->weights->size();
            if (conv->bias) count += conv->bias->size();
        } else if (const auto *fc = std::get_if<FullyConnected>(&node.operation)) {
            count += fc->weights->size() + fc->bias->size();
        } else if (const auto *scale_shift = std::get_if<ScaleShift>(&node.operation)) {
            count += scale_shift->scale->size() + scale_shift->shift->size();
        } else if (const auto *normalize = std::get_if<Normalize>(&node.operation)) {
            count += normalize->scale->size() + normalize->shift->size();
        } else if (const auto *literal = std::get_if<Literal>(&node.operation)) {
            count += literal->data->size();
        }
    }
    return int64_t(count);
}

std::string dims_text(const Dims &dims) {
    std::string text = "(";
    for (size_t i = 0; i < dims.size(); ++i) text += (i ? ", " : "") + std::to_string(dims[i]);
    return text + ")";
}

void check(const Graph &graph) {
    const int value_count = int(graph.values.size());
    std::vector<bool> defined(graph.values.size(), false);
    const auto is_value = [&](ValueId value) { return value >= 0 && value < value_count; };
    const auto fail = [&](const std::string &what) {
        throw std::logic_error("graph '" + graph.name + "': " + what);
    };
    for (ValueId input : graph.inputs) {
        if (!is_value(input)) fail("input " + std::to_string(input) + " is not a value");
        if (defined[input]) fail("input '" + graph.values[input].name + "' is listed twice");
        defined[input] = true;
    }
    for (const Node &node : graph.nodes) {
        const NodeChecker checker(graph, node);
        for (ValueId input : node.inputs) {
            if (!is_value(input)) checker.fail("it reads a value that does not exist");
            if (!defined[input]) {
                checker.fail("it reads '" + graph.values[input].name + "' before it is defined");
            }
        }
        if (!is_value(node.output)) checker.fail("it writes a value that does not exist");
        if (defined[node.output]) {
            checker.fail("it defines '" + graph.values[node.output].name + "' a second time");
        }
        defined[node.output] = true;
        try {
            checker.run();
        } catch (const std::invalid_argument &error) {
            checker.fail(error.what());
        }
    }
    for (ValueId output : graph.outputs) {
        if (!is_value(output) || !defined[output]) {
            fail("output " + std::to_string(output) + " is not defined");
        }
    }
}

}  // namespace convoy
