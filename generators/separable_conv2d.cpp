#include "generators/separable_conv2d.h"

#include "generators/conv_output.h"

namespace convoy {

using namespace Halide;

bool separable_conv2d_accepts(const SeparableConv2dKernel &kernel, int vector) {
    const Layout &in = kernel.input.layout, &out = kernel.output.layout;
    return vector % out.block == 0 && !in.padded && !out.padded;
}

SeparableConv2dStages separable_conv2d(const SeparableConv2dKernel &kernel, int vector) {
    const ConvProblem &p = kernel.depthwise;
    const int lanes = kernel.input.layout.block, out_block = kernel.output.layout.block;
    const int oc_vectors = (kernel.oc + vector - 1) / vector;

    SeparableConv2dStages s;
    s.lanes = lanes;
    s.channels = (p.ic + lanes - 1) / lanes * lanes;
    s.subs = vector / out_block;

    s.input = view_param(kernel.input, "input");
    const int depthwise_weights = s.channels * p.kh * p.kw;
    s.weights =
        dense_param({(int)(depthwise_weights + int64_t{vector} * p.ic * oc_vectors)}, "weights");
    s.bias = dense_param({(int)(s.channels + int64_t{vector} * oc_vectors)}, "bias");

    RDom taps({{0, p.kw}, {0, p.kh}}, "taps");
    s.kw = taps[0], s.kh = taps[1];
    const Expr in_lane = s.c % lanes, block = s.c / lanes;
    s.depthwise = Func("depthwise");
    s.depthwise(s.c, s.x, s.y, s.image) = s.bias(s.c);
    s.depthwise(s.c, s.x, s.y, s.image) +=
        s.weights(dense_index({in_lane, s.kw, s.kh, block}, {lanes, p.kw, p.kh})) *
        s.input(in_lane, s.x * p.sw + s.kw * p.dw - p.pw, s.y * p.sh + s.kh * p.dh - p.ph, block,
                s.image);
    s.intermediate = Func("intermediate");
    s.intermediate(s.c, s.x, s.y, s.image) =
        activate(s.depthwise(s.c, s.x, s.y, s.image), kernel.middle);

    RDom inputs(0, p.ic, "inputs");
    s.ic = inputs;
    const Expr oc_lane = s.subs == 1 ? Expr(s.lane) : s.sub * out_block + s.lane;
    s.accumulator = Func("accumulator");
    s.accumulator(s.lane, s.sub, s.ow, s.oh, s.oc, s.group, s.image) =
        s.bias(s.channels + dense_index({oc_lane, s.oc}, {vector}));
    s.accumulator(s.lane, s.sub, s.ow, s.oh, s.oc, s.group, s.image) +=
        s.weights(depthwise_weights + dense_index({oc_lane, s.ic, s.oc}, {vector, p.ic})) *
        s.intermediate(s.ic, s.ow, s.oh, s.image);

    finish_vectors(s, kernel, kernel.pointwise(), vector, oc_vectors);
    return s;
}

std::vector<Argument> SeparableConv2dStages::arguments() const {
    std::vector<Argument> list = {input, weights, bias};
    if (has_residual) list.push_back(residual);
    return list;
}

}  // namespace convoy
