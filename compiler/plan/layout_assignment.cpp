#include "compiler/plan/layout_assignment.h"

#include <algorithm>
#include <limits>
#include <map>
#include <numeric>
#include <set>

#include "compiler/plan/flatten.h"
#include "compiler/plan/min_sum.h"
#include "compiler/plan/node_kernel.h"

namespace convoy {

namespace {

constexpr double impossible = 1e18;  // finite, so that sums stay ordered

// Cycles by kernel; equal layers are looked up once.
class Costs {
public:
    Costs(const Board &board, const Records &records, const ScheduleRules &rules)
        : board_(board), records_(records), rules_(rules) {}

    double of(const Kernel &as_planned) {
        const Kernel kernel = flattened(as_planned, board_.vector_floats);
        const auto [entry, is_new] = known_.try_emplace(to_string(kernel), impossible);
        if (is_new) {
            entry->second = best_cycles(kernel, board_, records_, rules_).value_or(impossible);
        }
        return entry->second;
    }
    double of_reorder(const Value &value, Layout from, Layout to) {
        if (from == to) return 0;
        return of(ReorderKernel{value_view(value, from, board_.vector_floats),
                                value_view(value, to, board_.vector_floats), 0});
    }

private:
    const Board &board_;
    const Records &records_;
    const ScheduleRules &rules_;
    std::map<std::string, double> known_;
};

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
    std::set<int> plain;
    for (const Node &node : graph.nodes) {
        if (needs_nchw(graph, node)) plain.insert(node.output);
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

class Assigner {
public:
    Assigner(const Graph &graph, const Board &board, const Records &records,
             const ScheduleRules &rules)
        : graph_(graph),
          vector_(board.vector_floats),
          costs_(board, records, rules),
          readable_(candidates(graph, vector_)),
          storable_(readable_) {
        for (ValueId input : graph.inputs) storable_[input] = {Layout{}};
    }

    LayoutAssignment assign() {
        std::vector<Factor> factors;
        for (const Node &node : graph_.nodes) add_factors(node, factors);
        for (ValueId output : graph_.outputs) {
            Factor leave{{output}, {}};
            for (Layout layout : storable_[output])
                leave.cost.push_back(costs_.of_reorder(graph_.values[output], layout, {}));
            factors.push_back(std::move(leave));
        }
        std::vector<int> domains;
        for (const auto &layouts : storable_) domains.push_back((int)layouts.size());
        const std::vector<int> choice = minimize(domains, factors);

        LayoutAssignment result;
        for (size_t v = 0; v < choice.size(); v++) result.stored.push_back(storable_[v][choice[v]]);
        for (const Factor &factor : factors) {
            size_t at = 0, stride = 1;
            for (int v : factor.variables) at += stride * choice[v], stride *= domains[v];
            result.cycles += factor.cost[at];
        }
        for (const Node &node : graph_.nodes) {
            std::vector<Layout> read;
            for (int i = 0; i < (int)node.inputs.size(); i++) {
                read.push_back(cheapest_read(node, i, result.stored[node.inputs[i]],
                                             result.stored[node.output])
                                   .first);
            }
            result.read.push_back(std::move(read));
        }
        return result;
    }

private:
    // Every node is a sum of costs over pairs (an input, the output): the first input bears the
    // kernel itself.
    void add_factors(const Node &node, std::vector<Factor> &factors) {
        for (int i = 0; i < (int)node.inputs.size(); i++) {
            const ValueId in = node.inputs[i], out = node.output;
            Factor factor{{in, out}, {}};
            for (Layout stored_out : storable_[out]) {
                for (Layout stored_in : storable_[in]) {
                    factor.cost.push_back(cheapest_read(node, i, stored_in, stored_out).second);
                }
            }
            factors.push_back(std::move(factor));
        }
    }

    // The layout to read input `index` in, and what that costs: a reorder if it is stored
    // otherwise, and the kernel.
    std::pair<Layout, double> cheapest_read(const Node &node, int index, Layout stored_in,
                                            Layout stored_out) {
        const Value &value = graph_.values[node.inputs[index]];
        std::pair<Layout, double> best{stored_in, std::numeric_limits<double>::infinity()};
        const auto consider = [&](Layout read) {
            const double cost = costs_.of_reorder(value, stored_in, read) +
                                kernel_cycles(node, index, read, stored_out);
            if (cost < best.second) best = {read, cost};
        };
        consider(stored_in);
        for (Layout read : readable_[node.inputs[index]]) consider(read);
        return best;
    }

    double kernel_cycles(const Node &node, int index, Layout read, Layout stored) {
        if (needs_nchw(graph_, node) && (read != Layout{} || stored != Layout{})) return impossible;
        if (std::holds_alternative<Concat>(node.operation)) {
            return costs_.of(concat_kernel(graph_, node, index, read, stored, vector_));
        }
        if (is_packed_input(node, index)) return read == Layout{} ? 0 : impossible;
        if (keeps_layout(node) && read != stored) return impossible;
        if (index > 0) return read == stored ? 0 : impossible;
        // A residual or addend is read in the output's layout, at no cost of its own.
        std::vector<Layout> reads(node.inputs.size(), stored);
        reads[0] = read;
        return costs_.of(node_kernel(graph_, node, reads, stored, vector_));
    }

    const Graph &graph_;
    int vector_;
    Costs costs_;
    std::vector<std::vector<Layout>> readable_, storable_;
};

}  // namespace

LayoutAssignment assign_layouts(const Graph &graph, const Board &board, const Records &records,
                                const ScheduleRules &rules) {
    return Assigner(graph, board, records, rules).assign();
}

}  // namespace convoy
