#include "compiler/passes/recognize_channel_shuffle.h"

#include "compiler/passes/rewrite.h"

namespace convoy {

namespace {

// The copy that shuffles (mb, c, h, w).
CopyProblem shuffle_copy(const std::vector<int64_t> &dims, int64_t groups) {
    const int64_t plane = dims[2] * dims[3], columns = dims[1] / groups;
    const CopyProblem whole = whole_copy({dims[0], groups, columns, plane});
    CopyProblem copy;
    for (const int from : {0, 2, 1, 3}) copy.dims.push_back(whole.dims[from]);
    return merge_dims(copy);
}

// The number of groups that the copy shuffles; 0 where it does something else.
int shuffled_groups(const CopyProblem &copy, const std::vector<int64_t> &dims) {
    const CopyProblem merged = merge_dims(copy);
    for (int64_t groups = 2; groups < dims[1]; groups++) {
        if (dims[1] % groups == 0 && merged == shuffle_copy(dims, groups)) return int(groups);
    }
    return 0;
}

// Reshape - StridedCopy - Reshape with one reader each.
bool recognize_at(Graph &graph, int n) {
    const Node &first = graph.nodes[n];
    const std::vector<int64_t> dims = graph.values[first.inputs[0]].dims;
    const int copier = sole_reader(graph, first.output);
    if (copier < 0 || dims.size() != 4) return false;
    const auto *copy = std::get_if<StridedCopy>(&graph.nodes[copier].operation);
    const int last = sole_reader(graph, graph.nodes[copier].output);
    if (!copy || last < 0 || !std::holds_alternative<Reshape>(graph.nodes[last].operation) ||
        graph.values[graph.nodes[last].output].dims != dims)
        return false;
    const int groups = shuffled_groups(copy->copy, dims);
    if (groups == 0) return false;
    graph.nodes[last].operation = ChannelShuffle{groups};
    graph.nodes[last].inputs = {first.inputs[0]};
    return true;
}

}  // namespace

bool recognize_channel_shuffle(Graph &graph) {
    bool is_changed = false;
    for (int n = 0; n < int(graph.nodes.size()); ++n) {
        if (std::holds_alternative<Reshape>(graph.nodes[n].operation))
            is_changed = recognize_at(graph, n) || is_changed;
    }
    return is_changed;
}

}  // namespace convoy
