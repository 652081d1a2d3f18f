#include "generators/channel_position.h"

namespace convoy {

using namespace Halide;

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
    return {group % layout.block,
            group / layout.block * channels_per_group + channel % channels_per_group};
}

}  // namespace convoy
