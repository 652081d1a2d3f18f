#include "compiler/passes/fuse_two_level.h"

#include <optional>
#include <set>

#include "compiler/passes/rewrite.h"

namespace convoy {

namespace {

using Floats = std::vector<float>;

Constant share(Floats data) {
    return std::make_shared<const Floats>(std::move(data));
}

const Conv2d *conv_at(const Graph &graph, int node) {
    const Conv2d *conv = node < 0 ? nullptr : std::get_if<Conv2d>(&graph.nodes[node].operation);
    return conv && conv->has_constants() ? conv : nullptr;
}

// The node that writes the value, if it is a linear convolution that nothing else reads; else -1.
int linear_conv(const Graph &graph, ValueId value) {
    const int producer = graph.producer(value);
    const Conv2d *conv = conv_at(graph, producer);
    const bool is_linear =
        conv && graph.uses(value) == 1 && is_none(conv->activation) && !conv->has_residual;
    return is_linear ? producer : -1;
}

bool is_unit(const ConvProblem &p) {
    return p.kh == 1 && p.kw == 1 && p.sh == 1 && p.sw == 1 && p.oh == p.ih && p.ow == p.iw;
}

// A linear map from the representatives to all output channels, and what it costs in nodes.
struct Spread {
    std::vector<double> matrix;  // (oc, groups)
    std::vector<double> bias;    // (oc)
    ValueId representatives;     // what it reads
    std::vector<int> nodes;      // that it replaces
};

// spread = outer * inner, for a grouped 1x1 convolution of one input channel a group behind a full
// one among the representatives.
void compose(Spread &spread, const Conv2d &inner, int groups) {
    const int oc = int(spread.bias.size());
    std::vector<double> product(spread.matrix.size(), 0.0);
    for (int o = 0; o < oc; ++o) {
        for (int k = 0; k < groups; ++k) {
            const double outer = spread.matrix[size_t(o) * groups + k];
            spread.bias[o] += outer * (*inner.bias)[k];
            for (int n = 0; n < groups; ++n)
                product[size_t(o) * groups + n] += outer * (*inner.weights)[size_t(k) * groups + n];
        }
    }
    spread.matrix = std::move(product);
}

// The spread that ends in this node.
std::optional<Spread> find_spread(const Graph &graph, int node, int groups) {
    const Conv2d &conv = *conv_at(graph, node);
    const ConvProblem &p = conv.problem;
    if (!is_unit(p) || p.ic != groups || (p.g != 1 && p.g != groups)) return {};
    Spread spread{std::vector<double>(size_t(p.oc) * groups, 0.0),
                  {conv.bias->begin(), conv.bias->end()},
                  graph.nodes[node].inputs[0],
                  {node}};
    for (int o = 0; o < p.oc; ++o) {
        for (int i = 0; i < p.ic_per_group(); ++i) {
            const int n = o / p.oc_per_group() * p.ic_per_group() + i;
            spread.matrix[size_t(o) * groups + n] =
                (*conv.weights)[size_t(o) * p.ic_per_group() + i];
        }
    }
    if (p.g == 1) return spread;
    const int before = linear_conv(graph, spread.representatives);
    const Conv2d *inner = conv_at(graph, before);
    if (!inner || !is_unit(inner->problem) || inner->problem.g != 1 || inner->problem.ic != groups)
        return {};
    compose(spread, *inner, groups);
    spread.representatives = graph.nodes[before].inputs[0];
    spread.nodes.push_back(before);
    return spread;
}

// The taps of `small` as taps of `large`, zero elsewhere: (oc of small, ic/g, kh, kw of large).
// Empty where their windows do not move over the same input alike.
std::optional<Floats> widened(const Conv2d &small, const ConvProblem &large) {
    const ConvProblem &p = small.problem;
    if (p.sh != large.sh || p.sw != large.sw || p.oh != large.oh || p.ow != large.ow) return {};
    if ((p.kh > 1 && p.dh != large.dh) || (p.kw > 1 && p.dw != large.dw)) return {};
    const int above = large.ph - p.ph, left = large.pw - p.pw;
    if (above < 0 || left < 0 || above % large.dh || left % large.dw) return {};
    const int first_kh = above / large.dh, first_kw = left / large.dw;
    if (first_kh + p.kh > large.kh || first_kw + p.kw > large.kw) return {};
    const int planes = p.oc * p.ic_per_group();
    Floats taps(size_t(planes) * large.kh * large.kw, 0.0f);
    for (int plane = 0; plane < planes; ++plane) {
        for (int kh = 0; kh < p.kh; ++kh) {
            for (int kw = 0; kw < p.kw; ++kw) {
                taps[(size_t(plane) * large.kh + first_kh + kh) * large.kw + first_kw + kw] =
                    (*small.weights)[(size_t(plane) * p.kh + kh) * p.kw + kw];
            }
        }
    }
    return taps;
}

// `last` adds the other branch, which `other` writes, to its own sums. Returns the fused node, and
// which nodes it replaces.
std::optional<std::pair<TwoLevelConv2d, std::set<int>>> match(const Graph &graph, int last,
                                                              int other, int grouped,
                                                              int spreading) {
    const Conv2d &conv = *conv_at(graph, grouped);
    const ConvProblem &p = conv.problem;
    if (p.g == 1) return {};
    const std::optional<Spread> spread = find_spread(graph, spreading, p.g);
    if (!spread || int(spread->bias.size()) != p.oc) return {};
    const int first = linear_conv(graph, spread->representatives);
    const Conv2d *representatives = conv_at(graph, first);
    if (!representatives || graph.nodes[first].inputs[0] != graph.nodes[grouped].inputs[0])
        return {};
    if (representatives->problem.g != p.g || representatives->problem.oc != p.g) return {};
    const std::optional<Floats> taps = widened(*representatives, p);
    if (!taps) return {};

    TwoLevelConv2d fused{.grouped = conv, .representatives = share(*taps), .spread = {}};
    Floats matrix(spread->matrix.begin(), spread->matrix.end()), bias(p.oc);
    for (int o = 0; o < p.oc; ++o) {
        double sum = (*conv.bias)[o] + spread->bias[o];
        for (int n = 0; n < p.g; ++n)
            sum += spread->matrix[size_t(o) * p.g + n] * (*representatives->bias)[n];
        bias[o] = float(sum);
    }
    fused.spread = share(std::move(matrix));
    fused.grouped.bias = share(std::move(bias));
    fused.grouped.has_residual = false;
    fused.grouped.activation = conv_at(graph, last)->activation;
    std::set<int> replaced(spread->nodes.begin(), spread->nodes.end());
    replaced.insert({first, other});
    replaced.erase(last);
    return std::pair{std::move(fused), std::move(replaced)};
}

bool fuse_at(Graph &graph, int &last, const std::function<bool(const TwoLevelConv2d &)> &wins) {
    const Conv2d *conv = conv_at(graph, last);
    if (!conv || !conv->has_residual || conv->combine != Combine::add) return false;
    const int other = linear_conv(graph, graph.nodes[last].inputs[1]);
    if (other < 0) return false;
    auto found = match(graph, last, other, last, other);
    ValueId input = graph.nodes[last].inputs[0];
    if (!found) {
        found = match(graph, last, other, other, last);
        input = graph.nodes[other].inputs[0];
    }
    if (!found || !wins(found->first)) return false;
    Node &node = graph.nodes[last];
    node.operation = std::move(found->first);
    node.inputs = {input};
    const std::set<int> &replaced = found->second;
    for (auto n = replaced.rbegin(); n != replaced.rend(); ++n) erase_node(graph, *n);
    last -= int(replaced.size());
    return true;
}

}  // namespace

bool fuse_two_level(Graph &graph, const std::function<bool(const TwoLevelConv2d &)> &wins) {
    bool is_changed = false;
    for (int n = 0; n < int(graph.nodes.size()); ++n)
        is_changed = fuse_at(graph, n, wins) || is_changed;
    return is_changed;
}

}  // namespace convoy
