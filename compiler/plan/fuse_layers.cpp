#include "compiler/plan/fuse_layers.h"

#include <algorithm>
#include <limits>

#include "compiler/passes/fuse_separable.h"
#include "compiler/passes/fuse_two_level.h"
#include "compiler/passes/optimize.h"
#include "compiler/plan/image_loop.h"

namespace convoy {

namespace {

// A fused kernel must be predicted to be this much faster: predictions of the two forms of one
// layer are off by less.
constexpr double margin = 1.05;

constexpr double impossible = std::numeric_limits<double>::infinity();

// Cycles of operations by themselves, all values in one layout.
class Costs {
public:
    Costs(const Board &board, const Records &records, const ScheduleRules &rules)
        : board_(board), records_(records), rules_(rules) {}

    // The cheapest layout of those that suit convolutions.
    template<typename Cycles>
    double cheapest(int groups, const Cycles &cycles) const {
        std::vector<Layout> layouts = {{board_.vector_floats},
                                       {std::max(board_.vector_floats / 2, 1)}};
        for (int lanes = board_.vector_floats; groups > 1 && lanes > 1; lanes /= 2) {
            if (groups % lanes == 0) layouts.push_back({lanes, groups});
        }
        double best = impossible;
        for (const Layout &layout : layouts) best = std::min(best, cycles(layout));
        return best;
    }

    template<typename K>
    double of(K kernel, const ConvProblem &reads, const ConvProblem &writes, const Conv2d &last,
              const Layout &layout) const {
        const int vector = board_.vector_floats;
        if (reads.ic % layout.groups || writes.oc % layout.groups) return impossible;
        kernel.input = make_view(reads.mb, reads.ic, reads.ih, reads.iw, layout, vector);
        kernel.input.halo = {reads.ph, reads.pw, reads.ph_end, reads.pw_end};
        kernel.output = make_view(writes.mb, writes.oc, writes.oh, writes.ow, layout, vector);
        kernel.activation = last.activation;
        kernel.combine = last.combine;
        if (last.has_residual) kernel.residual = kernel.output;
        // Most of a batch's layers are run image by image.
        return best_cycles(board_.gpu ? Kernel(kernel) : for_one_image(kernel, reads.mb), board_,
                           records_, rules_)
            .value_or(impossible);
    }

    double of(const Conv2d &conv, const Layout &layout) const {
        return of(Conv2dKernel{.problem = conv.problem}, conv.problem, conv.problem, conv, layout);
    }

private:
    const Board &board_;
    const Records &records_;
    const ScheduleRules &rules_;
};

bool wins(const SeparableConv2d &separable, const Costs &costs) {
    const Conv2d &first = separable.depthwise, &last = separable.pointwise;
    const SeparableConv2dKernel kernel{
        .depthwise = first.problem, .oc = last.problem.oc, .middle = first.activation};
    const double fused = costs.cheapest(1, [&](const Layout &layout) {
        return costs.of(kernel, first.problem, last.problem, last, layout);
    });
    const double apart = costs.cheapest(
        1, [&](const Layout &layout) { return costs.of(first, layout) + costs.of(last, layout); });
    return fused * margin < apart;
}

bool wins(const TwoLevelConv2d &two_level, const Costs &costs) {
    const Conv2d &grouped = two_level.grouped;
    const ConvProblem &p = grouped.problem;
    const double fused = costs.cheapest(p.g, [&](const Layout &layout) {
        return costs.of(TwoLevelConv2dKernel{.problem = p}, p, p, grouped, layout);
    });
    Conv2d first = grouped, spread = grouped;
    first.problem.oc = p.g;
    ConvProblem &q = spread.problem = {};
    q.mb = p.mb, q.ic = p.g, q.oc = p.oc;
    q.ih = q.oh = p.oh, q.iw = q.ow = p.ow;
    spread.has_residual = true;
    const double apart = costs.cheapest(p.g, [&](const Layout &layout) {
        return costs.of(grouped, layout) + costs.of(first, layout) + costs.of(spread, layout);
    });
    return fused * margin < apart;
}

}  // namespace

Graph fuse_layers(Graph graph, const Board &board, const Records &records,
                  const ScheduleRules &rules) {
    const Costs costs(board, records, rules);
    const auto is_faster = [&](const auto &fused) { return wins(fused, costs); };
    // What stands behind a two-level convolution can then become a part of it.
    if (fuse_two_level(graph, is_faster)) optimize(graph);
    fuse_separable(graph, is_faster);
    check(graph);
    return graph;
}

}  // namespace convoy
