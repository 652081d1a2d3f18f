#include "generators/two_level_conv2d.h"

#include "generators/conv_output.h"

namespace convoy {

using namespace Halide;

bool two_level_conv2d_accepts(const TwoLevelConv2dKernel &kernel, int vector) {
    const ConvProblem &p = kernel.problem;
    const Layout in = kernel.input.layout, out = kernel.output.layout;
    return vector % out.block == 0 && in.groups == 1 && out.groups == 1 &&
           p.ic_per_group() % in.block == 0 && p.oc_per_group() % vector == 0;
}

TwoLevelConv2dStages two_level_conv2d(const TwoLevelConv2dKernel &kernel, int vector) {
    const ConvProblem &p = kernel.problem;
    const int lanes = kernel.input.layout.block, blocks = p.ic_per_group() / lanes;
    const int out_block = kernel.output.layout.block, oc_vectors = p.oc_per_group() / vector;

    TwoLevelConv2dStages s;
    s.subs = vector / out_block;

    s.input = groups_param(kernel.input, blocks, p.g);
    const int representative_weights = p.ic * p.kh * p.kw, spread_weights = p.oc * p.g;
    const int64_t weights = representative_weights + spread_weights + p.weight_count();
    s.weights = dense_param({(int)(weights)}, "weights");
    s.bias = dense_param({p.oc}, "bias");
    const auto window = [&](const Expr &in_lane, const Expr &kx, const Expr &ky, const Expr &ox,
                            const Expr &oy, const Expr &block) {
        return s.input(in_lane, ox * p.sw + kx * p.dw - p.pw, oy * p.sh + ky * p.dh - p.ph, block,
                       s.group, s.image);
    };

    RDom lane_taps({{0, p.kw}, {0, p.kh}, {0, blocks}}, "lane_taps");
    s.lane_kw = lane_taps[0], s.lane_kh = lane_taps[1], s.lane_block = lane_taps[2];
    s.lane_sums = Func("lane_sums");
    s.lane_sums(s.lane, s.group, s.x, s.y, s.image) = 0.0f;
    s.lane_sums(s.lane, s.group, s.x, s.y, s.image) +=
        s.weights(dense_index({s.lane, s.lane_kw, s.lane_kh, s.lane_block, s.group},
                              {lanes, p.kw, p.kh, blocks})) *
        window(s.lane, s.lane_kw, s.lane_kh, s.x, s.y, s.lane_block);
    RDom all_lanes(0, lanes, "all_lanes");
    s.summed_lane = all_lanes;
    s.representatives = Func("representatives");
    s.representatives(s.group, s.x, s.y, s.image) = 0.0f;
    s.representatives(s.group, s.x, s.y, s.image) +=
        s.lane_sums(s.summed_lane, s.group, s.x, s.y, s.image);

    const Expr oc_lane = s.subs == 1 ? Expr(s.lane) : s.sub * out_block + s.lane;
    s.accumulator = Func("accumulator");
    s.accumulator(s.lane, s.sub, s.ow, s.oh, s.oc, s.group, s.image) =
        s.bias(dense_index({oc_lane, s.oc, s.group}, {vector, oc_vectors}));
    RDom all(0, p.g, "all");
    s.representative = all;
    s.accumulator(s.lane, s.sub, s.ow, s.oh, s.oc, s.group, s.image) +=
        s.weights(representative_weights + dense_index({oc_lane, s.representative, s.oc, s.group},
                                                       {vector, p.g, oc_vectors})) *
        s.representatives(s.representative, s.ow, s.oh, s.image);
    RDom taps({{0, lanes}, {0, blocks}, {0, p.kw}, {0, p.kh}}, "taps");
    s.ic_lane = taps[0], s.ic_block = taps[1], s.kw = taps[2], s.kh = taps[3];
    s.accumulator(s.lane, s.sub, s.ow, s.oh, s.oc, s.group, s.image) +=
        s.weights(representative_weights + spread_weights +
                  dense_index({oc_lane, s.ic_lane, s.ic_block, s.kw, s.kh, s.oc, s.group},
                              {vector, lanes, blocks, p.kw, p.kh, oc_vectors})) *
        window(s.ic_lane, s.kw, s.kh, s.ow, s.oh, s.ic_block);

    finish_vectors(s, kernel, p, vector, oc_vectors);
    return s;
}

std::vector<Argument> TwoLevelConv2dStages::arguments() const {
    std::vector<Argument> list = {input, weights, bias};
    if (has_residual) list.push_back(residual);
    return list;
}

}  // namespace convoy
