#include "generators/reorder.h"

#include <algorithm>
#include <bit>

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

namespace {

bool is_vector(int lanes) {
    return lanes > 1 && std::has_single_bit((unsigned)lanes);
}

}  // namespace

std::optional<GroupTransposition> group_transposition(const ReorderKernel &kernel) {
    const View &in = kernel.input, &out = kernel.output;
    const bool is_from_groups = in.layout.groups > 1;
    const View &plain = is_from_groups ? out : in, &interleaved = is_from_groups ? in : out;
    const int block = plain.layout.block, lanes = interleaved.layout.block;
    if (!is_vector(block) || !is_vector(lanes) || plain.layout.groups > 1 ||
        interleaved.layout.groups == 1 || interleaved.layout.padded || kernel.first_channel > 0 ||
        kernel.input_channel > 0 || in.c != out.c || plain.c != plain.blocks * block ||
        interleaved.c != interleaved.blocks * lanes)
        return std::nullopt;
    const int of_group = plain.c / interleaved.layout.groups, channels = std::min(of_group, block);
    const int groups = block / channels;
    if (block % channels != 0 || of_group % channels != 0 || lanes % groups != 0)
        return std::nullopt;
    return GroupTransposition{.lanes = lanes,
                              .channels = channels,
                              .groups = groups,
                              .blocks_per_group = of_group / channels,
                              .lane_groups = interleaved.layout.groups / lanes};
}

namespace {

// (lane, w, h, inner block, outer block, lane group, image)
void constrain_blocks(OutputImageParam param, const View &view, const Halo &halo, int inner,
                      int outer, int lane_groups) {
    const int64_t plane = view.plane_stride();
    constrain_plane(param, view, halo);
    param.dim(3).set_bounds(0, inner).set_stride((int)plane);
    param.dim(4).set_bounds(0, outer).set_stride((int)(plane * inner));
    param.dim(5).set_bounds(0, lane_groups).set_stride((int)(plane * inner * outer));
    param.dim(6).set_bounds(0, view.mb).set_stride((int)view.image_stride());
}

}  // namespace

GroupReorderStages group_reorder(const ReorderKernel &kernel) {
    const GroupTransposition t = *group_transposition(kernel);
    const View &in = kernel.input, &out = kernel.output;
    const int plain_blocks = t.lanes / t.groups;
    const auto constrain = [&](OutputImageParam param, const View &view, const Halo &halo) {
        if (view.layout.groups > 1)
            constrain_blocks(param, view, halo, t.channels, t.blocks_per_group, t.lane_groups);
        else
            constrain_blocks(param, view, halo, t.blocks_per_group, plain_blocks, t.lane_groups);
    };
    GroupReorderStages s;
    s.input = ImageParam(Float(32), 7, "input");
    s.moved = Func("moved");
    s.output = Func("output");
    constrain(s.input, in, in.halo);
    Func &moved = s.moved;
    if (in.layout.groups > 1) {
        moved(s.channel, s.group, s.w, s.h, s.group_block, s.lane_group, s.image) =
            s.input(s.group, s.w, s.h, s.channel, s.group_block, s.lane_group, s.image);
        const Expr group = t.groups == 1 ? Expr(s.block) : s.block * t.groups + s.lane / t.channels,
                   channel = t.groups == 1 ? Expr(s.lane) : s.lane % t.channels;
        s.output(s.lane, s.w, s.h, s.group_block, s.block, s.lane_group, s.image) =
            moved(channel, group, s.w, s.h, s.group_block, s.lane_group, s.image);
    } else {
        const Expr lane = s.group % t.groups * t.channels + s.channel;
        moved(s.channel, s.group, s.w, s.h, s.group_block, s.lane_group, s.image) =
            s.input(lane, s.w, s.h, s.group_block, s.group / t.groups, s.lane_group, s.image);
        s.output(s.group, s.w, s.h, s.channel, s.group_block, s.lane_group, s.image) =
            moved(s.channel, s.group, s.w, s.h, s.group_block, s.lane_group, s.image);
    }
    constrain(s.output.output_buffer(), out, Halo{});
    return s;
}

}  // namespace convoy
