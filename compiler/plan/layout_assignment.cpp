#include "compiler/plan/layout_assignment.h"

#include "compiler/plan/layout_problem.h"

namespace convoy {

LayoutAssignment assign_layouts(const Graph &graph, const Board &board, const Records &records,
                                const ScheduleRules &rules) {
    LayoutProblem problem(graph, board, records, rules);
    const std::vector<int> choice = minimize(problem.domains(), problem.factors());
    LayoutAssignment result;
    result.cycles = problem.cycles(choice);
    for (size_t v = 0; v < choice.size(); v++)
        result.stored.push_back(problem.storable()[v][choice[v]]);
    for (const Node &node : graph.nodes) {
        std::vector<Layout> read;
        for (int i = 0; i < (int)node.inputs.size(); i++) {
            const Layout in = result.stored[node.inputs[i]], out = result.stored[node.output];
            read.push_back(problem.cheapest_read(node, i, in, out).first);
        }
        result.read.push_back(std::move(read));
    }
    return result;
}

}  // namespace convoy
