#pragma once

#include <cstdint>
#include <string>

#include "generators/problem.h"

namespace convoy {

// How the channels of an activation lie in memory. `block` channels are innermost (oneDNN's nChw8c
// is block 8, nchw is block 1). With `groups` > 1 the channels are group-interleaved: one block
// holds the same channel of `block` different groups, so that block (gb, c) has channel (gb * block
// + lane) * channels_per_group + c in its lane; `groups` is then a multiple of `block`. Or, with
// `padded`, each group's channels start a block of their own and its last block is padded.
struct Layout {
    int block = 1;
    int groups = 1;
    bool padded = false;

    bool operator==(const Layout &) const = default;
    auto operator<=>(const Layout &) const = default;
};

// "nchw", "nChw16c", "nChw8c/g8" (group-interleaved over 8 groups), "nChw8c/p4" (4 groups padded).
std::string to_string(const Layout &layout);

// Positions up to the last channel's block: more than the channels where groups are padded.
int positions(const Layout &layout, int channels);

// The channel stored at a position (position = block index * block + lane), -1 where it is padding.
int channel_at(const Layout &layout, int channels, int position);

// The position a channel is stored at: the inverse of channel_at.
int position_of(const Layout &layout, int channels, int channel);

// Zero rows and columns kept around every plane so that no kernel tests borders.
struct Halo {
    int top = 0, left = 0, bottom = 0, right = 0;
    bool operator==(const Halo &) const = default;
};

// An activation in memory: f32 (block, w, h, blocks, mb), innermost first, halo included in rows
// and planes. Lanes beyond the last channel are stored too, and finite.
struct View {
    int mb = 1, c = 1, h = 1, w = 1;
    Layout layout;
    int blocks = 1;
    Halo halo;

    int row_stride() const { return (w + halo.left + halo.right) * layout.block; }
    int64_t plane_stride() const { return int64_t{row_stride()} * (h + halo.top + halo.bottom); }
    int64_t image_stride() const { return plane_stride() * blocks; }
    int64_t floats() const { return image_stride() * mb; }
    // Where channel block 0, row 0, column 0 lies.
    int64_t origin() const { return int64_t{halo.top} * row_stride() + halo.left * layout.block; }
    int padded_channels() const { return blocks * layout.block; }

    bool operator==(const View &) const = default;
};

// A view without halo; blocked layouts are padded to whole vectors of `vector` channels.
View make_view(int mb, int c, int h, int w, Layout layout, int vector);

std::string to_string(const View &view);

}  // namespace convoy
