#include "compiler/plan/layout_problem.h"

#include <algorithm>
#include <limits>
#include <map>
#include <numeric>
#include <set>

#include "compiler/plan/flatten.h"
#include "compiler/plan/node_kernel.h"

namespace convoy {

namespace {

// Values that some kernel reads and writes in one layout belong together: what suits one suits all.
class Ties {
public:
    explicit Ties(const Graph &graph) : parent_(graph.values.size()) {
        std::iota(parent_.begin(), parent_.end(), 0);
        for (const Node &node : graph.nodes) {
            const Conv2d *conv = last_conv(node.operation);
            if (conv && conv->has_residual) tie(node.inputs[1], node.output);
            if (!keeps_layout(node) || needs_nchw(graph, node)) continue;
            for (ValueId input : node.inputs) tie(input, node.output);
        }
    }
    int root(int value) const { return parent_[value] == value ? value : root(parent_[value]); }

private:
    void tie(int a, int b) { parent_[root(a)] = root(b); }
    std::vector<int> parent_;
};

// The group-interleaved layout for a grouped convolution, if its groups fill lanes.
Layout interleaved(int groups, int vector) {
    int block = vector;
    while (groups % block != 0) block /= 2;
    return block > 1 ? Layout{block, groups} : Layout{};
}

// Blocks that start anew in each group of `channels`, where vectors do not fill them anyway.
Layout padded(int groups, int channels, int vector) {
    const int block = std::min(vector, 8);
    const bool fills = channels % block == 0 || channels < block;
    return fills || block < 8 ? Layout{} : Layout{block, groups, true};
}

// Layouts worth considering for each value: nchw, whole and half vectors of channels, and
// interleaved over the groups of the grouped convolutions that touch it or a value tied to it.
std::vector<std::vector<Layout>> candidates(const Graph &graph, int vector) {
    const Ties ties(graph);
    std::map<int, std::set<Layout>> by_root;
    std::set<int> plain, fused;  // outputs; inputs of kernels that read blocks alone
    for (const Node &node : graph.nodes) {
        if (needs_nchw(graph, node)) plain.insert(node.output);
        if (first_conv(node.operation) && !std::holds_alternative<Conv2d>(node.operation))
            fused.insert(node.inputs[0]);
        const auto *conv = std::get_if<Conv2d>(&node.operation);
        if (!conv || conv->problem.g == 1) continue;
        const ConvProblem &p = conv->problem;
        const auto consider = [&](ValueId value, int channels_per_group) {
            if (channels_per_group == 1) return;
            for (const Layout &layout :
                 {interleaved(p.g, vector), padded(p.g, channels_per_group, vector)}) {
                if (layout.block > 1) by_root[ties.root(value)].insert(layout);
            }
        };
        consider(node.inputs[0], p.ic_per_group());
        consider(node.output, p.oc_per_group());
    }
    std::vector<std::vector<Layout>> list(graph.values.size());
    for (int v = 0; v < (int)graph.values.size(); v++) {
        list[v].push_back({});
        const size_t rank = graph.values[v].dims.size();
        if (plain.contains(v) || (rank != 4 && rank != 2)) continue;
        if (is_image(graph, v) && !fused.contains(v)) continue;
        const int channels = (int)graph.values[v].dims[1];
        if (vector == 1) continue;
        list[v].push_back({vector, 1});
        if (vector >= 16) list[v].push_back({vector / 2, 1});
        for (const Layout &layout : by_root[ties.root(v)]) {
            if (channels % layout.groups == 0) list[v].push_back(layout);
        }
    }
    return list;
}

}  // namespace

LayoutProblem::LayoutProblem(const Graph &graph, const Board &board, const Records &records,
                             const ScheduleRules &rules, const ImageLoop &loop)
    : graph_(graph),
      board_(board),
      records_(records),
      rules_(rules),
      loop_(loop),
      readable_(candidates(graph, board.vector_floats)),
      storable_(readable_) {
    for (ValueId input : graph.inputs) storable_[input] = {Layout{}};
    for (int n = 0; n < (int)graph.nodes.size(); n++) add_factors(n);
    for (ValueId output : graph.outputs) {
        Factor leave{{output}, {}};
        for (const Layout &layout : storable_[output])
            leave.cost.push_back(reorder_cycles((int)graph.nodes.size(), output, layout, {}));
        factors_.push_back(std::move(leave));
    }
}

std::vector<int> LayoutProblem::domains() const {
    std::vector<int> sizes;
    for (const auto &layouts : storable_) sizes.push_back((int)layouts.size());
    return sizes;
}

double LayoutProblem::cycles(const std::vector<int> &choice) const {
    double cycles = 0;
    for (const Factor &factor : factors_) {
        size_t at = 0, stride = 1;
        for (int v : factor.variables) at += stride * choice[v], stride *= storable_[v].size();
        cycles += factor.cost[at];
    }
    return cycles;
}

double LayoutProblem::node_cycles(int node, const std::vector<int> &choice) {
    const auto stored = [&](ValueId v) { return storable_[v][choice[v]]; };
    const Node &of = graph_.nodes[node];
    double cycles = 0;
    for (int i = 0; i < (int)of.inputs.size(); i++)
        cycles += cheapest_read(node, i, stored(of.inputs[i]), stored(of.output)).second;
    return cycles;
}

double LayoutProblem::reorder_cycles(int node, ValueId value, Layout from, Layout to) {
    if (from == to) return 0;
    const int vector = board_.vector_floats;
    return kernel_cycles(node, ReorderKernel{value_view(graph_.values[value], from, vector),
                                             value_view(graph_.values[value], to, vector), 0});
}

// Every node is a sum of costs over pairs (an input, the output): the first input bears the kernel
// itself.
void LayoutProblem::add_factors(int node) {
    const Node &of = graph_.nodes[node];
    for (int i = 0; i < (int)of.inputs.size(); i++) {
        const ValueId in = of.inputs[i], out = of.output;
        Factor factor{{in, out}, {}};
        for (const Layout &stored_out : storable_[out]) {
            for (const Layout &stored_in : storable_[in])
                factor.cost.push_back(cheapest_read(node, i, stored_in, stored_out).second);
        }
        factors_.push_back(std::move(factor));
    }
}

std::pair<Layout, double> LayoutProblem::cheapest_read(int node, int index, Layout stored_in,
                                                       Layout stored_out) {
    const ValueId value = graph_.nodes[node].inputs[index];
    std::pair<Layout, double> best{stored_in, std::numeric_limits<double>::infinity()};
    const auto consider = [&](Layout read) {
        const double cost = reorder_cycles(node, value, stored_in, read) +
                            read_cycles(node, index, read, stored_out);
        if (cost < best.second) best = {read, cost};
    };
    consider(stored_in);
    for (const Layout &read : readable_[value]) consider(read);
    return best;
}

// Of the part of a node's cost that input `index` bears: the first has the kernel's.
double LayoutProblem::read_cycles(int n, int index, Layout read, Layout stored) {
    const int vector = board_.vector_floats;
    const Node &node = graph_.nodes[n];
    if (needs_nchw(graph_, node) && (read != Layout{} || stored != Layout{})) return impossible;
    if (std::holds_alternative<Concat>(node.operation))
        return kernel_cycles(n, concat_kernel(graph_, node, index, read, stored, vector));
    if (is_packed_input(node, index)) return read == Layout{} ? 0 : impossible;
    if (keeps_layout(node) && read != stored) return impossible;
    if (index > 0) return read == stored ? 0 : impossible;
    // A residual or addend is read in the output's layout, at no cost of its own.
    std::vector<Layout> reads(node.inputs.size(), stored);
    reads[0] = read;
    return kernel_cycles(n, node_kernel(graph_, node, reads, stored, vector));
}

double LayoutProblem::kernel_cycles(int node, const Kernel &as_planned) {
    const Kernel kernel =
        flattened(loop_.covers(node) ? for_one_image(as_planned, loop_.images) : as_planned,
                  board_.vector_floats);
    const auto [entry, is_new] = known_.try_emplace(to_string(kernel), impossible);
    if (is_new) entry->second = best_cycles(kernel, board_, records_, rules_).value_or(impossible);
    return std::min(entry->second * loop_.calls(node), impossible);
}

}  // namespace convoy
