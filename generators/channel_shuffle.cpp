#include "generators/channel_shuffle.h"

#include "generators/channel_position.h"

namespace convoy {

using namespace Halide;

bool keeps_lanes(const ChannelShuffleKernel &kernel) {
    return kernel.input.layout == Layout{kernel.groups, kernel.groups} &&
           kernel.output.layout == Layout{kernel.groups, 1};
}

ChannelShuffleStages channel_shuffle(const ChannelShuffleKernel &kernel) {
    const View &in = kernel.input, &out = kernel.output;
    const int groups = kernel.groups, channels_per_group = in.c / groups;
    ChannelShuffleStages s;
    s.input = view_param(in, "input");
    s.output = Func("output");

    const Expr channel = channel_at(out.layout, out.c, s.lane, s.block);
    Expr value;
    if (keeps_lanes(kernel)) {
        value = s.input(s.lane, s.w, s.h, min(s.block, in.blocks - 1), s.image);
    } else {
        const Expr to = min(channel, out.c - 1);
        const Expr from = to % groups * channels_per_group + to / groups;
        const auto [lane, block] = lane_and_block(in.layout, in.c, from);
        value = s.input(lane, s.w, s.h, block, s.image);
    }
    if (out.padded_channels() > out.c) value = select(channel < out.c, value, 0.0f);
    s.output(s.lane, s.w, s.h, s.block, s.image) = value;
    constrain_output(s.output, out);
    return s;
}

}  // namespace convoy
