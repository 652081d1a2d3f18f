#include "generators/layout.h"

#include <algorithm>

namespace convoy {

std::string to_string(const Layout &layout) {
    if (layout.block == 1) return "nchw";
    std::string text = "nChw" + std::to_string(layout.block) + "c";
    if (layout.groups > 1) text += (layout.padded ? "/p" : "/g") + std::to_string(layout.groups);
    return text;
}

namespace {

int padded_channels_per_group(const Layout &layout, int channels) {
    const int channels_per_group = channels / layout.groups;
    return (channels_per_group + layout.block - 1) / layout.block * layout.block;
}

}  // namespace

int positions(const Layout &layout, int channels) {
    return layout.padded ? padded_channels_per_group(layout, channels) * layout.groups : channels;
}

int channel_at(const Layout &layout, int channels, int position) {
    if (position >= positions(layout, channels)) return -1;
    if (layout.groups == 1) return position;
    const int channels_per_group = channels / layout.groups;
    if (layout.padded) {
        const int padded = padded_channels_per_group(layout, channels);
        const int within = position % padded;
        return within < channels_per_group ? position / padded * channels_per_group + within : -1;
    }
    const int lane = position % layout.block, block = position / layout.block;
    return (block / channels_per_group * layout.block + lane) * channels_per_group +
           block % channels_per_group;
}

int position_of(const Layout &layout, int channels, int channel) {
    if (layout.groups == 1) return channel;
    const int channels_per_group = channels / layout.groups;
    if (layout.padded) {
        return channel / channels_per_group * padded_channels_per_group(layout, channels) +
               channel % channels_per_group;
    }
    const int group = channel / channels_per_group;
    const int block = group / layout.block * channels_per_group + channel % channels_per_group;
    return block * layout.block + group % layout.block;
}

View make_view(int mb, int c, int h, int w, Layout layout, int vector) {
    View view{.mb = mb, .c = c, .h = h, .w = w, .layout = layout, .blocks = c};
    if (layout.block > 1) {
        const int whole = std::max(vector, layout.block);
        view.blocks = (positions(layout, c) + whole - 1) / whole * (whole / layout.block);
    }
    return view;
}

std::string to_string(const View &view) {
    std::string text = to_string(view.layout);
    if (view.layout.block == 1 && view.blocks != view.c)
        text += "/" + std::to_string(view.blocks);  // rows of a longer stride
    const Halo &halo = view.halo;
    if (halo != Halo{}) {
        text += "+" + std::to_string(halo.top) + "," + std::to_string(halo.left) + "," +
                std::to_string(halo.bottom) + "," + std::to_string(halo.right);
    }
    return text;
}

}  // namespace convoy
