#include "compiler/analyze/layout_report.h"

#include <algorithm>
#include <limits>

#include "compiler/passes/optimize.h"
#include "compiler/plan/layout_assignment.h"
#include "compiler/plan/layout_problem.h"
#include "compiler/plan/plan_network.h"
#include "compiler/records_here.h"

namespace convoy {

namespace {

using Choice = std::vector<int>;

class Reporter {
public:
    Reporter(const Graph &graph, LayoutProblem &problem)
        : graph_(graph), problem_(problem), best_(minimize(problem.domains(), problem.factors())) {}

    // `each` is called before each value, with its number and how many there are.
    template<typename Each>
    LayoutReport make(const Board &board, const Each &each) {
        LayoutReport report;
        report.model = graph_.name;
        report.cycles = problem_.cycles(best_);
        const Layout plain, vectors{board.vector_floats};
        add_rule(report, to_string(plain), best_of({plain}));
        if (vectors != plain)
            add_rule(report, to_string(plain) + " and " + to_string(vectors),
                     best_of({plain, vectors}));
        add_rule(report, "one layer after the other", one_by_one());
        for (ValueId v = 0; v < (int)best_.size(); v++) {
            each(v, (int)best_.size());
            if (problem_.storable()[v].size() > 1) add_choice(report, v);
        }
        for (int n = 0; n < (int)graph_.nodes.size(); n++) add_reorders(report, n);
        return report;
    }

private:
    // The cheapest of all choices whose value v is stored in layout `at`.
    Choice with(ValueId v, int at) const {
        Factor only{{v}, std::vector<double>(problem_.storable()[v].size(), impossible)};
        only.cost[at] = 0;
        return cheapest({std::move(only)});
    }

    // The cheapest of all choices of these layouts alone.
    Choice best_of(const std::vector<Layout> &allowed) const {
        std::vector<Factor> only;
        for (ValueId v = 0; v < (int)best_.size(); v++) {
            Factor &factor = only.emplace_back(Factor{{v}, {}});
            for (const Layout &layout : problem_.storable()[v]) {
                const bool is_allowed = std::ranges::count(allowed, layout) > 0;
                factor.cost.push_back(is_allowed ? 0 : impossible);
            }
        }
        return cheapest(std::move(only));
    }

    Choice cheapest(std::vector<Factor> more) const {
        std::vector<Factor> factors = problem_.factors();
        factors.insert(factors.end(), more.begin(), more.end());
        return minimize(problem_.domains(), std::move(factors));
    }

    void add_choice(LayoutReport &report, ValueId v) const {
        const std::vector<Layout> &layouts = problem_.storable()[v];
        LayoutReport::Choice choice{graph_.values[v].name, layouts[best_[v]], {}, impossible};
        for (int at = 0; at < (int)layouts.size(); at++) {
            if (at == best_[v]) continue;
            const double more = problem_.cycles(with(v, at)) - report.cycles;
            if (more < choice.more_cycles) choice.other = layouts[at], choice.more_cycles = more;
        }
        if (choice.more_cycles < impossible / 2) report.choices.push_back(std::move(choice));
    }

    void add_reorders(LayoutReport &report, int n) {
        const Node &node = graph_.nodes[n];
        for (int i = 0; i < (int)node.inputs.size(); i++) {
            const ValueId v = node.inputs[i];
            const Layout stored = layout_of(v);
            const Layout read = problem_.cheapest_read(n, i, stored, layout_of(node.output)).first;
            if (read == stored) continue;
            report.reorders.push_back(
                {graph_.values[v].name, stored, read, problem_.reorder_cycles(n, v, stored, read)});
        }
    }

    void add_rule(LayoutReport &report, const std::string &name, const Choice &choice) const {
        const double cycles = problem_.cycles(choice);
        if (cycles < impossible / 2) report.rules.push_back({name, cycles});
    }

    // Each node's output as is cheapest for the node, its inputs being stored already.
    Choice one_by_one() {
        Choice choice(best_.size(), 0);
        for (int n = 0; n < (int)graph_.nodes.size(); n++) {
            const Node &node = graph_.nodes[n];
            const std::vector<Layout> &layouts = problem_.storable()[node.output];
            double least = std::numeric_limits<double>::infinity();
            for (int at = 0; at < (int)layouts.size(); at++) {
                double cycles = 0;
                for (int i = 0; i < (int)node.inputs.size(); i++) {
                    const ValueId v = node.inputs[i];
                    const Layout stored = problem_.storable()[v][choice[v]];
                    cycles += problem_.cheapest_read(n, i, stored, layouts[at]).second;
                }
                if (cycles < least) least = cycles, choice[node.output] = at;
            }
        }
        return choice;
    }

    Layout layout_of(ValueId v) const { return problem_.storable()[v][best_[v]]; }

    static constexpr double impossible = LayoutProblem::impossible;
    const Graph &graph_;
    LayoutProblem &problem_;
    Choice best_;
};

}  // namespace

std::vector<LayoutReport> report_layouts(const std::vector<Analyzed> &models, const Board &board,
                                         const AnalyzeOptions &options) {
    const Records records = records_here(board, {options.record_files, options.warn});
    std::vector<LayoutReport> reports;
    for (const Analyzed &model : models) {
        report(options, "choosing layouts", (int)reports.size(), (int)models.size());
        Graph graph = model.read();
        optimize(graph);
        const PlannedNetwork network = plan_network(graph, board, records, options.rules);
        const Graph &fused = network.graph;
        LayoutProblem problem(fused, board, records, network.rules,
                              choose_image_loop(fused, board, records, network.rules));
        reports.push_back(Reporter(fused, problem).make(board, [&](int done, int total) {
            report(options, "trying other layouts", done, total);
        }));
    }
    return reports;
}

}  // namespace convoy
