#pragma once

#include "generators/stages.h"

namespace convoy {

// Convolution 3x3 of stride 1 by F(m x m, 3 x 3), dense or grouped with whole blocks a group
// (conv2d.h). Layouts, innermost first, f32:
//   input    (lane, iw, ih, ic block of the group, group, mb)
//   weights  (vector, oc vector of a tile, ic position of the group, oc tile of a chunk, j, i,
//   chunk
//            of the group, group), transformed
//   bias     (vector, oc vector of the group, group)
//   output   (vector, ow, oh, oc vector of the group, group, mb)
// with i, j the points of rows and of columns. A tile of the weights is what a register tile reads,
// a chunk what is transformed back at a time: groups have so few weights at a point that memory is
// fast only where all lie in the order of use. What the kernel computes differs from the exact
// convolution by rounding that grows with m.
struct WinogradConv2dStages {
    Halide::ImageParam input, weights, bias, residual;
    // Of rows, then of columns too; the products' sums; back in columns; the output tile.
    Halide::Func row_transform, input_transform, product, column_result, output;
    Halide::Var lane{"lane"}, ow{"ow"}, oh{"oh"}, oc{"oc"}, group{"group"}, image{"image"};
    Halide::Var tile_x{"tile_x"}, tile_y{"tile_y"}, ic_block{"ic_block"};
    Halide::Var i{"i"}, j{"j"};    // points
    Halide::Var column{"column"};  // of an input or output tile
    Halide::RVar ic_lane, ic_blocks;
    int m = 4;
    int oc_vectors = 1, tiles_x = 1, tiles_y = 1;

    std::vector<Halide::Argument> arguments() const;
    bool has_residual = false;
};

// 3x3, stride 1, dense taps, and layouts as conv2d with `vector` output channels takes them.
bool winograd_conv2d_accepts(const Conv2dKernel &kernel, int vector);
// m: 2, 4 or 6. chunk_oc vectors divide the group's.
WinogradConv2dStages winograd_conv2d(const Conv2dKernel &kernel, int vector, int m, int tile_oc,
                                     int chunk_oc);

// Vectors of a tile of the weights for register tiles of tile_oc: these, or 1 where they do not
// divide the chunk.
int winograd_weight_tile(int tile_oc, int chunk_oc);

}  // namespace convoy
