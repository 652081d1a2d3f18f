#include "generators/grouped_conv2d.h"

namespace convoy {

using namespace Halide;

namespace {

void constrain(OutputImageParam param, const View &view, int channels, int lane_groups,
               const Halo &halo) {
    param.dim(0).set_bounds(0, view.layout.block).set_stride(1);
    param.dim(1)
        .set_bounds(-halo.left, view.w + halo.left + halo.right)
        .set_stride(view.layout.block);
    param.dim(2)
        .set_bounds(-halo.top, view.h + halo.top + halo.bottom)
        .set_stride(view.row_stride());
    param.dim(3).set_bounds(0, channels).set_stride((int)view.plane_stride());
    param.dim(4).set_bounds(0, lane_groups).set_stride((int)(view.plane_stride() * channels));
    param.dim(5).set_bounds(0, view.mb).set_stride((int)view.image_stride());
}

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

GroupedConv2dStages grouped_conv2d(const Conv2dKernel &kernel) {
    const ConvProblem &p = kernel.problem;
    const int ic = p.ic_per_group(), oc = p.oc_per_group();

    GroupedConv2dStages s;
    s.lanes = kernel.input.layout.block;
    s.lane_groups = (p.g + s.lanes - 1) / s.lanes;
    s.has_residual = kernel.residual.has_value();

    s.input = ImageParam(Float(32), 6, "input");
    constrain(s.input, kernel.input, ic, s.lane_groups, kernel.input.halo);
    s.weights = ImageParam(Float(32), 6, "weights");
    int stride = 1;
    const int extents[] = {s.lanes, oc, p.kw, p.kh, ic, s.lane_groups};
    for (int d = 0; d < 6; d++) {
        s.weights.dim(d).set_bounds(0, extents[d]).set_stride(stride);
        stride *= extents[d];
    }
    s.bias = ImageParam(Float(32), 3, "bias");
    s.bias.dim(0).set_bounds(0, s.lanes).set_stride(1);
    s.bias.dim(1).set_bounds(0, oc).set_stride(s.lanes);
    s.bias.dim(2).set_bounds(0, s.lane_groups).set_stride(s.lanes * oc);

    RDom taps({{0, p.kw}, {0, p.kh}, {0, ic}}, "taps");
    s.kw = taps[0], s.kh = taps[1], s.ic = taps[2];

    s.accumulator = Func("accumulator");
    s.accumulator(s.lane, s.ow, s.oh, s.oc, s.group, s.image) = s.bias(s.lane, s.oc, s.group);
    s.accumulator(s.lane, s.ow, s.oh, s.oc, s.group, s.image) +=
        s.weights(s.lane, s.oc, s.kw, s.kh, s.ic, s.group) *
        s.input(s.lane, s.ow * p.sw + s.kw * p.dw - p.pw, s.oh * p.sh + s.kh * p.dh - p.ph, s.ic,
                s.group, s.image);

    Expr value = s.accumulator(s.lane, s.ow, s.oh, s.oc, s.group, s.image);
    if (s.has_residual) {
        s.residual = ImageParam(Float(32), 6, "residual");
        constrain(s.residual, *kernel.residual, oc, s.lane_groups, Halo{});
        const View &view = *kernel.residual;
        const Expr element =
            s.residual(s.lane, broadcast(s.ow, view.w, p.ow), broadcast(s.oh, view.h, p.oh), s.oc,
                       s.group, broadcast(s.image, view.mb, p.mb));
        value = combined(value, element, kernel.combine);
    }
    s.output = Func("output");
    s.output(s.lane, s.ow, s.oh, s.oc, s.group, s.image) = activate(value, kernel.activation);
    constrain(s.output.output_buffer(), kernel.output, oc, s.lane_groups, Halo{});
    return s;
}

std::vector<Argument> GroupedConv2dStages::arguments() const {
    std::vector<Argument> list = {input, weights, bias};
    if (has_residual) list.push_back(residual);
    return list;
}

}  // namespace convoy
