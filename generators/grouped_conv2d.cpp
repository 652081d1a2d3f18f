#include "generators/grouped_conv2d.h"

#include "generators/conv_output.h"

namespace convoy {

using namespace Halide;

namespace {

// The layout puts one group into each lane: interleaved over all groups, or depthwise with one
// channel a group.
bool one_group_a_lane(const Layout &layout, int groups, int channels_per_group) {
    if (layout.block == 1) return true;
    if (layout.groups == 1) return channels_per_group == 1;
    return layout.groups == groups && !layout.padded;
}

}  // namespace

bool grouped_conv2d_accepts(const Conv2dKernel &kernel) {
    const ConvProblem &p = kernel.problem;
    const Layout in = kernel.input.layout, out = kernel.output.layout;
    return in.block == out.block && one_group_a_lane(in, p.g, p.ic_per_group()) &&
           one_group_a_lane(out, p.g, p.oc_per_group());
}

int weight_tile(const ConvProblem &problem, int tile_oc) {
    const int oc = problem.oc_per_group();
    return oc % tile_oc == 0 ? tile_oc : oc;
}

GroupedConv2dStages grouped_conv2d(const Conv2dKernel &kernel, int tile_oc) {
    const ConvProblem &p = kernel.problem;
    const int ic = p.ic_per_group(), oc = p.oc_per_group(), tile = weight_tile(p, tile_oc);

    GroupedConv2dStages s;
    s.lanes = kernel.input.layout.block;
    s.lane_groups = (p.g + s.lanes - 1) / s.lanes;

    s.input = groups_param(kernel.input, ic, s.lane_groups);
    s.weights = dense_param({s.lanes, tile, p.kw, p.kh, ic, oc / tile, s.lane_groups}, "weights");
    s.bias = dense_param({s.lanes, oc, s.lane_groups}, "bias");

    RDom taps({{0, p.kw}, {0, p.kh}, {0, ic}}, "taps");
    s.kw = taps[0], s.kh = taps[1], s.ic = taps[2];

    s.accumulator = Func("accumulator");
    s.accumulator(s.lane, s.ow, s.oh, s.oc, s.group, s.image) = s.bias(s.lane, s.oc, s.group);
    s.accumulator(s.lane, s.ow, s.oh, s.oc, s.group, s.image) +=
        s.weights(s.lane, s.oc % tile, s.kw, s.kh, s.ic, s.oc / tile, s.group) *
        s.input(s.lane, s.ow * p.sw + s.kw * p.dw - p.pw, s.oh * p.sh + s.kh * p.dh - p.ph, s.ic,
                s.group, s.image);

    const Expr sum = s.accumulator(s.lane, s.ow, s.oh, s.oc, s.group, s.image);
    finish_blocks(s, kernel, sum, oc, s.lane_groups);
    return s;
}

std::vector<Argument> GroupedConv2dStages::arguments() const {
    std::vector<Argument> list = {input, weights, bias};
    if (has_residual) list.push_back(residual);
    return list;
}

}  // namespace convoy
