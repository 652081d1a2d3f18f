#include "generators/reorder.h"

#include <algorithm>

#include "generators/channel_position.h"

namespace convoy {

using namespace Halide;

bool reorder_accepts(const ReorderKernel &kernel, int vector) {
    const bool is_slice = kernel.input.c > kernel.output.c;
    if (kernel.first_channel == 0 && (is_slice || kernel.input.c == kernel.output.c)) return true;
    const Layout &out = kernel.output.layout;
    if (out.block == 1) return true;
    const bool last = kernel.first_channel + kernel.input.c == kernel.output.c;
    return out.groups == 1 && kernel.first_channel % vector == 0 &&
           (last || kernel.input.c % vector == 0);
}

ReorderStages reorder(const ReorderKernel &kernel) {
    const View &in = kernel.input, &out = kernel.output;
    const int block = out.layout.block;
    const int copied = std::min(in.c - kernel.input_channel, out.c - kernel.first_channel);
    // Blocks of a slice are blocks of the input where it starts with one.
    const bool keeps_blocks = in.layout == out.layout && kernel.input_channel % block == 0 &&
                              (in.layout.groups == 1 || in.c == out.c);
    ReorderStages s;
    s.input = view_param(in, "input");
    s.output = Func("output");

    Expr value;
    if (keeps_blocks) {
        Expr at = s.block;
        if (kernel.input_channel > 0)
            at = min(s.block + kernel.input_channel / block, in.blocks - 1);
        value = s.input(s.lane, s.w, s.h, at, s.image);
    } else {
        const int channels = kernel.first_channel == 0 ? out.c : copied;
        const Expr channel = channel_at(out.layout, channels, s.lane, s.block);
        Expr from = channel + kernel.input_channel;
        if (block > 1) from = min(from, in.c - 1);
        const auto [lane, at] = lane_and_block(in.layout, in.c, from);
        value = s.input(lane, s.w, s.h, at, s.image);
        if (block > 1) value = select(channel < copied, value, 0.0f);
    }
    s.output(s.lane, s.w, s.h, s.block, s.image) = value;
    constrain_output(s.output, out);
    const bool ends = kernel.first_channel + copied == out.c;
    const int blocks = ends ? out.blocks - kernel.first_channel / block : copied / block;
    s.output.output_buffer().dim(3).set_bounds(0, blocks);
    return s;
}

}  // namespace convoy
