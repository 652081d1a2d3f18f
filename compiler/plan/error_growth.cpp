#include "compiler/plan/error_growth.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace convoy {

namespace {

using Numbers = std::vector<double>;

double mean_of(const Numbers &values) {
    return std::accumulate(values.begin(), values.end(), 0.0) / (double)values.size();
}

// A value's elements, by channel, dimension 1.
struct Moments {
    Numbers mean, variance;

    explicit Moments(size_t channels, double of_mean = 0, double of_variance = 0)
        : mean(channels, of_mean), variance(channels, of_variance) {}

    size_t channels() const { return mean.size(); }
    double square(size_t c) const { return mean[c] * mean[c] + variance[c]; }
    double power() const {
        double sum = 0;
        for (size_t c = 0; c < channels(); c++) sum += square(c);
        return sum / (double)channels();
    }

    // Of as many channels: each is several, or several are one.
    Moments as(size_t count) const {
        Moments other(count);
        for (size_t c = 0; c < count; c++) {
            const size_t begin = c * channels() / count,
                         end = std::max(begin + 1, (c + 1) * channels() / count);
            for (size_t from = begin; from < end; from++) {
                other.mean[c] += mean[from] / (double)(end - begin);
                other.variance[c] += variance[from] / (double)(end - begin);
            }
        }
        return other;
    }
};

// What a node makes of its inputs' elements and of the errors in them.
struct Flow {
    Moments moments;
    Numbers gains;    // by input: of an error's mean square
    double made = 0;  // mean square at the output of a relative error of its last sums of 1
};

// Replaces x by activation(x); returns the share of the mean square of errors that passes.
double activate(Moments &x, const Activation &activation) {
    if (activation.kind == Activation::Kind::none) return 1;
    constexpr int points = 32;
    constexpr double reach = 4, width = 2 * reach / points, step = 1e-4;  // standard deviations
    double share = 0;
    for (size_t c = 0; c < x.channels(); c++) {
        const double deviation = std::sqrt(std::max(x.variance[c], 1e-30));
        double weights = 0, mean = 0, square = 0, passed = 0;
        for (int i = 0; i < points; i++) {
            const double z = (i + 0.5) * width - reach, at = x.mean[c] + z * deviation,
                         value = activated(at, activation),
                         next = activated(at + step * deviation, activation),
                         slope = (next - value) / (step * deviation);
            if (!std::isfinite(value) || !std::isfinite(slope)) continue;
            const double weight = std::exp(-z * z / 2);
            weights += weight;
            mean += weight * value;
            square += weight * value * value;
            passed += weight * slope * slope;
        }
        if (weights == 0) return 1;
        x.mean[c] = mean / weights;
        x.variance[c] = std::max(0.0, square / weights - x.mean[c] * x.mean[c]);
        share += passed / weights;
    }
    return share / (double)x.channels();
}

// Sums of products with weights (oc, ic/g, taps), null: random ones of variance 1 / (ic/g * taps).
Flow sums(const Moments &input, int groups, int oc, const Constant &weights, const Constant &bias) {
    const size_t ic = input.channels(), per_group = ic / groups;
    const size_t taps = weights ? weights->size() / (oc * per_group) : 1;
    Flow flow{Moments(oc), {0.0}};
    for (int o = 0; o < oc; o++) {
        if (bias) flow.moments.mean[o] = (*bias)[o];
        for (size_t i = 0; i < per_group; i++) {
            const size_t c = o / (oc / groups) * per_group + i;
            double sum = 0, squares = weights ? 0 : 1 / (double)per_group;
            for (size_t tap = 0; weights && tap < taps; tap++) {
                const double weight = (*weights)[(o * per_group + i) * taps + tap];
                sum += weight;
                squares += weight * weight;
            }
            flow.moments.mean[o] += sum * input.mean[c];
            flow.moments.variance[o] += squares * input.variance[c];
            flow.gains[0] += squares / oc;
            flow.made += squares * input.square(c) / oc;
        }
    }
    return flow;
}

Flow sums(const Moments &input, const Conv2d &conv) {
    const ConvProblem &p = conv.problem;
    return sums(input.as(p.ic), p.g, p.oc, conv.weights, conv.bias);
}

// Once an activation has passed a part of it.
void activate(Flow &flow, const Activation &activation) {
    const double share = activate(flow.moments, activation);
    for (double &gain : flow.gains) gain *= share;
    flow.made *= share;
}

Flow combined(const Moments &a, const Moments &b, Combine combine) {
    Flow flow{Moments(a.channels()), {1, 1}};
    if (combine == Combine::mul) flow.gains = {b.power(), a.power()};
    for (size_t c = 0; c < a.channels(); c++) {
        double &mean = flow.moments.mean[c], &variance = flow.moments.variance[c];
        mean = a.mean[c];
        variance = a.variance[c];
        if (combine == Combine::add || combine == Combine::sub) {
            mean += combine == Combine::add ? b.mean[c] : -b.mean[c];
            variance += b.variance[c];
        } else if (combine == Combine::mul) {
            mean *= b.mean[c];
            variance = a.square(c) * b.square(c) - mean * mean;
        }
    }
    return flow;
}

// One node; the call operators take each operation.
class NodeFlow {
public:
    NodeFlow(const Graph &graph, const Node &node, const std::vector<Moments> &values)
        : graph_(graph), node_(node), values_(values) {}

    Flow run() const { return std::visit(*this, node_.operation); }

    Flow operator()(const Conv2d &conv) const { return ended(conv, sums(input(0), conv)); }

    Flow operator()(const SeparableConv2d &separable) const {
        Flow first = sums(input(0), separable.depthwise);
        activate(first, separable.depthwise.activation);
        Flow last = sums(first.moments, separable.pointwise);
        last.gains[0] *= first.gains[0];
        return ended(separable.pointwise, std::move(last));
    }

    Flow operator()(const TwoLevelConv2d &two_level) const {
        const Conv2d &grouped = two_level.grouped;
        const ConvProblem &p = grouped.problem;
        const Flow representatives =
            sums(input(0).as(p.ic), p.g, p.g, two_level.representatives, {});
        const Flow spread = sums(representatives.moments, 1, p.oc, two_level.spread, {});
        const Flow own = sums(input(0), grouped);
        Flow flow = combined(own.moments, spread.moments, Combine::add);
        flow.gains = {own.gains[0] + representatives.gains[0] * spread.gains[0]};
        flow.made = own.made + spread.made;
        return ended(grouped, std::move(flow));
    }

    Flow operator()(const FullyConnected &fc) const {
        Flow flow = sums(input(0).as(fc.ic), 1, fc.oc, fc.weights, fc.bias);
        activate(flow, fc.activation);
        return flow;
    }

    Flow operator()(const ScaleShift &scale_shift) const {
        const size_t c = scale_shift.scale->size();
        Flow flow = sums(input(0).as(c), (int)c, (int)c, scale_shift.scale, scale_shift.shift);
        activate(flow, scale_shift.activation);
        return flow;
    }

    Flow operator()(const Binary &binary) const {
        Flow flow = combined(input(0).as(channels()), input(1).as(channels()), binary.combine);
        activate(flow, binary.activation);
        return flow;
    }

    Flow operator()(const Activate &activated) const {
        Flow flow{input(0), {1}};
        activate(flow, activated.activation);
        return flow;
    }

    // The largest of several is about a deviation above their mean.
    Flow operator()(const Pool2d &pool) const {
        const PoolProblem &p = pool.problem;
        if (p.kind == PoolProblem::Kind::average) return averaged(p.kh * p.kw);
        constexpr double share = 0.6;  // of the variance
        Flow flow{input(0), {1}};
        for (size_t c = 0; c < flow.moments.channels(); c++) {
            flow.moments.mean[c] += std::sqrt(flow.moments.variance[c]);
            flow.moments.variance[c] *= share;
        }
        return flow;
    }

    Flow operator()(const Concat &concat) const {
        if (concat.axis != 1) return unlike();
        Flow flow{Moments(0), {}};
        for (size_t i = 0; i < node_.inputs.size(); i++) {
            const Moments &part = input(i);
            Moments &all = flow.moments;
            all.mean.insert(all.mean.end(), part.mean.begin(), part.mean.end());
            all.variance.insert(all.variance.end(), part.variance.begin(), part.variance.end());
            flow.gains.push_back((double)part.channels() / (double)channels());
        }
        return flow;
    }

    Flow operator()(const Reduce &reduce) const {
        if (reduce.reduction != Reduction::mean || reduce.first < 2) return unlike();
        return averaged((double)graph_.values[node_.inputs[0]].count() /
                        (double)graph_.values[node_.output].count());
    }

    Flow operator()(const Normalize &normalize) const {
        Flow flow{Moments(channels()), {}};
        double square = 0, shift = 0;
        for (size_t i = 0; i < normalize.scale->size(); i++) {
            square += std::pow((*normalize.scale)[i], 2) / (double)normalize.scale->size();
            shift += (*normalize.shift)[i] / (double)normalize.scale->size();
        }
        flow.moments = Moments(channels(), shift, square);
        flow.gains = {square / std::max(mean_of(input(0).variance), 1e-30)};
        return flow;
    }

    Flow operator()(const Literal &literal) const {
        double sum = 0, squares = 0;
        for (float value : *literal.data) sum += value, squares += (double)value * value;
        const double count = std::max<double>(1, (double)literal.data->size()), mean = sum / count;
        return {Moments(channels(), mean, std::max(0.0, squares / count - mean * mean)), {}};
    }

    Flow operator()(const ChannelShuffle &shuffle) const {
        Flow flow{input(0), {1}};
        const size_t groups = shuffle.groups, per_group = channels() / groups;
        for (size_t c = 0; c < channels(); c++) {
            const size_t from = c % groups * per_group + c / groups;
            flow.moments.mean[c] = input(0).mean[from];
            flow.moments.variance[c] = input(0).variance[from];
        }
        return flow;
    }

    Flow operator()(const Reshape &) const { return copied(); }
    Flow operator()(const StridedCopy &) const { return copied(); }
    Flow operator()(const Resample &) const { return copied(); }
    Flow operator()(const Softmax &) const { return unlike(); }
    Flow operator()(const MatMul &) const { return unlike(); }

private:
    const Moments &input(size_t i) const { return values_[node_.inputs[i]]; }
    size_t channels() const {
        const std::vector<int64_t> &dims = graph_.values[node_.output].dims;
        return dims.size() < 2 ? 1 : (size_t)dims[1];
    }

    Flow ended(const Conv2d &conv, Flow flow) const {
        if (conv.has_residual) {
            const Moments residual = input(1).as(flow.moments.channels());
            const Flow both = combined(flow.moments, residual, conv.combine);
            flow.gains = {flow.gains[0] * both.gains[0], both.gains[1]};
            flow.made *= both.gains[0];
            flow.moments = both.moments;
        }
        flow.gains.resize(node_.inputs.size());  // no error comes with weights
        activate(flow, conv.activation);
        return flow;
    }

    Flow copied() const { return {input(0).as(channels()), {1}}; }

    Flow averaged(double count) const {
        Flow flow{input(0).as(channels()), {1 / count}};
        for (double &variance : flow.moments.variance) variance /= count;
        return flow;
    }

    // Other values, with the same relative errors.
    Flow unlike() const {
        Flow flow{Moments(channels(), 0, 1), {}};
        for (size_t i = 0; i < node_.inputs.size(); i++)
            flow.gains.push_back(1 / std::max(input(i).power(), 1e-30));
        return flow;
    }

    const Graph &graph_;
    const Node &node_;
    const std::vector<Moments> &values_;
};

}  // namespace

std::vector<double> error_growth(const Graph &graph) {
    std::vector<Moments> values(graph.values.size(), Moments(1));
    for (ValueId v : graph.inputs) {
        const std::vector<int64_t> &dims = graph.values[v].dims;
        values[v] = Moments(dims.size() < 2 ? 1 : (size_t)dims[1], 0, 1);
    }
    std::vector<Flow> flows;
    for (const Node &node : graph.nodes) {
        flows.push_back(NodeFlow(graph, node, values).run());
        values[node.output] = flows.back().moments;
    }
    // By value: relative error of the outputs, squared, for each unit of its errors' mean square.
    Numbers reach(graph.values.size(), 0.0);
    for (ValueId v : graph.outputs) reach[v] += 1 / std::max(values[v].power(), 1e-30);
    Numbers growth(graph.nodes.size());
    for (int n = (int)graph.nodes.size() - 1; n >= 0; n--) {
        const Node &node = graph.nodes[n];
        growth[n] = std::sqrt(reach[node.output] * flows[n].made);
        for (size_t i = 0; i < node.inputs.size(); i++)
            reach[node.inputs[i]] += reach[node.output] * flows[n].gains[i];
    }
    return growth;
}

}  // namespace convoy
