#pragma once

#include "generators/stages.h"
#include "generators/zero_padded.h"

namespace convoy {

// How Winograd's convolution takes its input: blocks of so many lanes, of which one group has
// `blocks`, with so many channels in all, for each of the phases. A few channels in nchw, as a
// network's input has them, are brought into blocks first, those of all phases as channels of one,
// so that they fill lanes.
struct WinogradInput {
    int lanes = 1, channels = 1, blocks = 1, phases = 1;
    bool is_gathered = false;
};
WinogradInput winograd_input(const Conv2dKernel &kernel, int vector);

// Convolution k x k by F(m_oh x m, taps x taps), dense or grouped with whole blocks a group
// (conv2d.h): taps is k, or at stride s what is left of k for each of s x s phases of the input,
// which are summed as channels are. Layouts, innermost first, f32:
//   input    (lane, iw, ih, ic block of the group, group, mb)
//   weights  (vector, oc vector of a tile, ic position of the group, phase, oc tile of a chunk, j,
//            i, chunk of the group, group), transformed
//   bias     (vector, oc vector of the group, group)
//   output   (vector, ow, oh, oc vector of the group, group, mb)
// with i, j the points of rows and of columns. A tile of the weights is what a register tile reads,
// a chunk what is transformed back at a time: groups have so few weights at a point that memory is
// fast only where all lie in the order of use. What the kernel computes differs from the exact
// convolution by rounding that grows with m and m_oh.
struct WinogradConv2dStages {
    Halide::ImageParam input, weights, bias, residual;
    // If the input is gathered: its rows, then (lane, column, row, block, image).
    ZeroPadded padded;
    Halide::Func gathered;
    WinogradInput taken;
    // Of rows, then of columns too; the products' sums; back in columns; the output tile.
    Halide::Func row_transform, input_transform, product, column_result, output;
    Halide::Var lane{"lane"}, ow{"ow"}, oh{"oh"}, oc{"oc"}, group{"group"}, image{"image"};
    Halide::Var tile_x{"tile_x"}, tile_y{"tile_y"}, ic_block{"ic_block"};
    Halide::Var i{"i"}, j{"j"};    // points
    Halide::Var phase{"phase"};    // column's, then row's
    Halide::Var column{"column"};  // of an input or output tile
    Halide::RVar ic_lane, ic_blocks, phases;
    int m_oh = 4, m = 4;
    int oc_vectors = 1, tiles_x = 1, tiles_y = 1;

    std::vector<Halide::Argument> arguments() const;
    bool has_residual = false;
};

// k x k of stride 1 or 2 with as many taps as there are transforms of, dense taps, and layouts as
// conv2d with `vector` output channels takes them.
bool winograd_conv2d_accepts(const Conv2dKernel &kernel, int vector);
// m_oh, m: each one of winograd_sizes. chunk_oc vectors divide the group's.
WinogradConv2dStages winograd_conv2d(const Conv2dKernel &kernel, int vector, int m_oh, int m,
                                     int tile_oc, int chunk_oc);

}  // namespace convoy
