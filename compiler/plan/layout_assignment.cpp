#include "compiler/plan/layout_assignment.h"

#include "compiler/plan/layout_problem.h"

namespace convoy {

namespace {

// Images together must be predicted to be this much faster: the model of a kernel by itself does
// not see that the activations of a batch come from farther caches than those of one image.
constexpr double margin = 1.1;

std::vector<double> node_cycles(const Graph &graph, LayoutProblem problem) {
    const std::vector<int> choice = minimize(problem.domains(), problem.factors());
    std::vector<double> cycles;
    for (int n = 0; n < (int)graph.nodes.size(); n++)
        cycles.push_back(problem.node_cycles(n, choice));
    return cycles;
}

}  // namespace

ImageLoop choose_image_loop(const Graph &graph, const Board &board, const Records &records,
                            const ScheduleRules &rules) {
    const ImageLoop longest = longest_image_loop(graph);
    if (board.gpu || longest.nodes == 0) return {};
    const std::vector<double> apart = node_cycles(graph, {graph, board, records, rules, longest}),
                              together = node_cycles(graph, {graph, board, records, rules});
    ImageLoop best = longest;
    double gain = 0, most = 0;
    for (int n = longest.nodes - 1; n >= 0; n--) {
        gain += apart[n] - together[n] * margin;
        if (gain > most) most = gain, best.nodes = n;
    }
    return best;
}

LayoutAssignment assign_layouts(const Graph &graph, const Board &board, const Records &records,
                                const ScheduleRules &rules) {
    return assign_layouts(graph, board, records, rules,
                          choose_image_loop(graph, board, records, rules));
}

LayoutAssignment assign_layouts(const Graph &graph, const Board &board, const Records &records,
                                const ScheduleRules &rules, const ImageLoop &loop) {
    LayoutProblem problem(graph, board, records, rules, loop);
    const std::vector<int> choice = minimize(problem.domains(), problem.factors());
    LayoutAssignment result{.loop = loop};
    result.cycles = problem.cycles(choice);
    for (size_t v = 0; v < choice.size(); v++)
        result.stored.push_back(problem.storable()[v][choice[v]]);
    for (int n = 0; n < (int)graph.nodes.size(); n++) {
        const Node &node = graph.nodes[n];
        std::vector<Layout> read;
        for (int i = 0; i < (int)node.inputs.size(); i++) {
            const Layout in = result.stored[node.inputs[i]], out = result.stored[node.output];
            read.push_back(problem.cheapest_read(n, i, in, out).first);
        }
        result.read.push_back(std::move(read));
    }
    return result;
}

}  // namespace convoy
