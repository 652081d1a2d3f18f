#include "generators/reorder.h"

namespace convoy {

using namespace Halide;

namespace {

// channel_at and position_of of layout.h, on expressions.
Expr channel_at(const Layout &layout, int channels, const Expr &lane, const Expr &block) {
    if (layout.groups == 1) return block * layout.block + lane;
    const int channels_per_group = channels / layout.groups;
    if (layout.padded) {
        const int blocks = (channels_per_group + layout.block - 1) / layout.block;
        const Expr within = block % blocks * layout.block + lane;
        return select(within < channels_per_group, block / blocks * channels_per_group + within,
                      channels);
    }
    return (block / channels_per_group * layout.block + lane) * channels_per_group +
           block % channels_per_group;
}

std::pair<Expr, Expr> lane_and_block(const Layout &layout, int channels, const Expr &channel) {
    if (layout.groups == 1) return {channel % layout.block, channel / layout.block};
    const int channels_per_group = channels / layout.groups;
    const Expr group = channel / channels_per_group, within = channel % channels_per_group;
    if (layout.padded) {
        const int blocks = (channels_per_group + layout.block - 1) / layout.block;
        return {within % layout.block, group * blocks + within / layout.block};
    }
    return {group % layout.block, group / layout.block * channels_per_group + within};
}

}  // namespace

bool reorder_accepts(const ReorderKernel &kernel, int vector) {
    if (kernel.first_channel == 0 && kernel.input.c == kernel.output.c) return true;
    const Layout &out = kernel.output.layout;
    if (out.block == 1) return true;
    const bool last = kernel.first_channel + kernel.input.c == kernel.output.c;
    return out.groups == 1 && kernel.first_channel % vector == 0 &&
           (last || kernel.input.c % vector == 0);
}

ReorderStages reorder(const ReorderKernel &kernel) {
    const View &in = kernel.input, &out = kernel.output;
    const int block = out.layout.block;
    ReorderStages s;
    s.input = view_param(in, "input");
    s.output = Func("output");

    Expr value;
    if (in.layout == out.layout) {
        value = s.input(s.lane, s.w, s.h, s.block, s.image);
    } else {
        const int channels = kernel.first_channel == 0 ? out.c : in.c;
        const Expr channel = channel_at(out.layout, channels, s.lane, s.block);
        const auto [lane, at] = lane_and_block(in.layout, in.c, min(channel, in.c - 1));
        value = s.input(lane, s.w, s.h, at, s.image);
        if (in.c % block != 0 || block > 1) value = select(channel < in.c, value, 0.0f);
    }
    s.output(s.lane, s.w, s.h, s.block, s.image) = value;
    constrain_output(s.output, out);
    const bool ends = kernel.first_channel + in.c == out.c;
    const int blocks = ends ? out.blocks - kernel.first_channel / block : in.c / block;
    s.output.output_buffer().dim(3).set_bounds(0, blocks);
    return s;
}

}  // namespace convoy
