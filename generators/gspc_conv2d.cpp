#include "generators/gspc_conv2d.h"

namespace convoy {

using namespace Halide;

namespace {

// An nchw operand whose channels are split into (lane, block, group).
void constrain(OutputImageParam param, const View &view, int tile, int blocks, int groups,
               const Halo &halo) {
    const int plane = (int)view.plane_stride();
    param.dim(0).set_bounds(-halo.left, view.w + halo.left + halo.right).set_stride(1);
    param.dim(1)
        .set_bounds(-halo.top, view.h + halo.top + halo.bottom)
        .set_stride(view.row_stride());
    param.dim(2).set_bounds(0, tile).set_stride(plane);
    param.dim(3).set_bounds(0, blocks).set_stride(plane * tile);
    param.dim(4).set_bounds(0, groups).set_stride(plane * tile * blocks);
    param.dim(5).set_bounds(0, view.mb).set_stride((int)view.image_stride());
}

}  // namespace

bool gspc_conv2d_accepts(const Conv2dKernel &kernel) {
    return kernel.input.layout == Layout{} && kernel.output.layout == Layout{};
}

GspcConv2dStages gspc_conv2d(const Conv2dKernel &kernel, int tile_ic, int tile_oc) {
    const ConvProblem &p = kernel.problem;
    const int ic_blocks = p.ic_per_group() / tile_ic, oc_blocks = p.oc_per_group() / tile_oc;
    GspcConv2dStages s;
    s.has_residual = kernel.residual.has_value();

    s.input = ImageParam(Float(32), 6, "input");
    constrain(s.input, kernel.input, tile_ic, ic_blocks, p.g, kernel.input.halo);
    s.weights = dense_param({tile_oc, tile_ic, p.kw, p.kh, ic_blocks, oc_blocks, p.g}, "weights");
    s.bias = dense_param({tile_oc, oc_blocks, p.g}, "bias");

    s.packed_input = Func("packed_input");
    s.packed_input(s.iw, s.ic_lane, s.ih, s.ic_block, s.image, s.group) =
        s.input(s.iw, s.ih, s.ic_lane, s.ic_block, s.group, s.image);

    RDom taps({{0, tile_ic}, {0, p.kw}, {0, p.kh}, {0, ic_blocks}}, "taps");
    s.tap_ic = taps[0], s.tap_kw = taps[1], s.tap_kh = taps[2], s.tap_ic_block = taps[3];
    s.accumulator = Func("accumulator");
    s.accumulator(s.oc_lane, s.ow, s.oh, s.oc_block, s.image, s.group) =
        s.bias(s.oc_lane, s.oc_block, s.group);
    s.accumulator(s.oc_lane, s.ow, s.oh, s.oc_block, s.image, s.group) +=
        s.weights(s.oc_lane, s.tap_ic, s.tap_kw, s.tap_kh, s.tap_ic_block, s.oc_block, s.group) *
        s.packed_input(s.ow * p.sw + s.tap_kw * p.dw - p.pw, s.tap_ic,
                       s.oh * p.sh + s.tap_kh * p.dh - p.ph, s.tap_ic_block, s.image, s.group);
    s.packed_output = Func("packed_output");
    s.packed_output(s.oc_lane, s.ow, s.oh, s.oc_block, s.image, s.group) =
        s.accumulator(s.oc_lane, s.ow, s.oh, s.oc_block, s.image, s.group);

    Expr value = s.packed_output(s.oc_lane, s.ow, s.oh, s.oc_block, s.image, s.group);
    if (s.has_residual) {
        s.residual = ImageParam(Float(32), 6, "residual");
        constrain(s.residual, *kernel.residual, tile_oc, oc_blocks, p.g, Halo{});
        const View &view = *kernel.residual;
        const Expr element =
            s.residual(broadcast(s.ow, view.w, p.ow), broadcast(s.oh, view.h, p.oh), s.oc_lane,
                       s.oc_block, s.group, broadcast(s.image, view.mb, p.mb));
        value = combined(value, element, kernel.combine);
    }
    s.output = Func("output");
    s.output(s.ow, s.oh, s.oc_lane, s.oc_block, s.group, s.image) =
        activate(value, kernel.activation);
    constrain(s.output.output_buffer(), kernel.output, tile_oc, oc_blocks, p.g, Halo{});
    return s;
}

std::vector<Argument> GspcConv2dStages::arguments() const {
    std::vector<Argument> list = {input, weights, bias};
    if (has_residual) list.push_back(residual);
    return list;
}

}  // namespace convoy
