#include "generators/conv2d.h"

#include <numeric>

#include "generators/conv_output.h"

namespace convoy {

using namespace Halide;

bool conv2d_accepts(const Conv2dKernel &kernel, int vector) {
    const ConvProblem &p = kernel.problem;
    const Layout in = kernel.input.layout, out = kernel.output.layout;
    if (out.block == 1 || vector % out.block != 0) return false;
    if (p.g == 1) return true;
    // Whole blocks a group, by nature or by padding.
    const auto fits = [&](const Layout &layout, int channels, int multiple) {
        if (layout.groups == 1) return channels / p.g % multiple == 0;
        return layout.padded && layout.groups == p.g &&
               positions(layout, channels) / p.g % multiple == 0;
    };
    return fits(in, p.ic, in.block) && fits(out, p.oc, vector);
}

Conv2dExtents conv2d_extents(const Conv2dKernel &kernel, int vector) {
    const ConvProblem &p = kernel.problem;
    const Layout &in = kernel.input.layout, &out = kernel.output.layout;
    const auto ceil_div = [](int a, int b) { return (a + b - 1) / b; };
    const int outputs = positions(out, p.oc) / p.g;
    if (p.g == 1) return {positions(in, p.ic), kernel.input.blocks, ceil_div(outputs, vector)};
    return {p.ic_per_group(), ceil_div(p.ic_per_group(), in.block), outputs / vector};
}

Conv2dStages conv2d(const Conv2dKernel &kernel, int vector) {
    const ConvProblem &p = kernel.problem;
    const View &in = kernel.input, &out = kernel.output;
    const auto [ic, ic_blocks, oc_vectors] = conv2d_extents(kernel, vector);
    const int in_block = in.layout.block;

    Conv2dStages s;
    s.vector = vector;
    s.subs = vector / out.layout.block;
    s.oc_vectors = oc_vectors;

    s.input = groups_param(in, ic_blocks, p.g);
    s.weights = dense_param({vector, ic, p.kw, p.kh, s.oc_vectors, p.g}, "weights");
    s.bias = dense_param({vector, s.oc_vectors, p.g}, "bias");

    // The reduction walks channels block by block: `run` channels that share a block are contiguous
    // in memory.
    const int run = std::gcd(ic, in_block);
    RDom taps({{0, run}, {0, ic / run}, {0, p.kw}, {0, p.kh}}, "taps");
    s.ic_lane = taps[0], s.ic_block = taps[1], s.kw = taps[2], s.kh = taps[3];
    const Expr position = s.ic_block * run + s.ic_lane;
    const Expr in_lane =
        run == in_block ? Expr(s.ic_lane) : (s.ic_block * run) % in_block + s.ic_lane;
    const Expr in_at_block = run == in_block ? Expr(s.ic_block) : (s.ic_block * run) / in_block;
    const Expr oc_lane = s.subs == 1 ? Expr(s.lane) : s.sub * out.layout.block + s.lane;

    const Expr x = s.ow * p.sw + s.kw * p.dw - p.pw, y = s.oh * p.sh + s.kh * p.dh - p.ph;
    Expr element = s.input(in_lane, x, y, in_at_block, s.group, s.image);
    if (lacks_reach(kernel)) {
        s.padded = zero_padded(s.input, in);
        element = s.padded.rows(x, y, in_at_block, s.image);
    }
    s.accumulator = Func("accumulator");
    s.accumulator(s.lane, s.sub, s.ow, s.oh, s.oc, s.group, s.image) =
        s.bias(oc_lane, s.oc, s.group);
    s.accumulator(s.lane, s.sub, s.ow, s.oh, s.oc, s.group, s.image) +=
        s.weights(oc_lane, position, s.kw, s.kh, s.oc, s.group) * element;

    finish_vectors(s, kernel, p, vector, s.oc_vectors);
    return s;
}

std::vector<Argument> Conv2dStages::arguments() const {
    std::vector<Argument> list = {input, weights, bias};
    if (has_residual) list.push_back(residual);
    return list;
}

int product_weight_tile(int tile_oc, int chunk_oc) {
    return chunk_oc % tile_oc == 0 ? tile_oc : 1;
}

}  // namespace convoy
