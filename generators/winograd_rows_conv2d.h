#pragma once

#include "generators/stages.h"

namespace convoy {

// Convolution kh x 3 by F(m, 3) along its rows, over groups as grouped_conv2d: m outputs of a row
// cost m + 2 products a pair of channels and kernel row instead of 3 m. Layouts, innermost first:
//   input    (lane, iw, ih, ic of the group, lane group, mb)
//   weights  (lane, oc of a tile, point, kh, ic of the group, oc tile of the group, lane group),
//            transformed; tiles as grouped_conv2d
//   bias     (lane, oc of the group, lane group)
//   output   (lane, ow, oh, oc of the group, lane group, mb)
// What the kernel computes differs from the exact convolution by rounding that grows with m.
struct WinogradRowsConv2dStages {
    Halide::ImageParam input, weights, bias, residual;
    Halide::Func input_transform, product, output;
    Halide::Var lane{"lane"}, ow{"ow"}, oh{"oh"}, oc{"oc"}, group{"group"}, image{"image"};
    Halide::Var tile{"tile"}, y{"y"}, c{"c"}, point{"point"};  // tile: of m columns
    Halide::RVar kh, ic;
    int m = 2;
    int tiles = 1;        // of a row
    int lanes = 1;        // extent of lane
    int lane_groups = 1;  // extent of group
    bool has_residual = false;

    std::vector<Halide::Argument> arguments() const;
};

// kw = 3, stride and dilation 1 along rows, and several groups a vector.
bool winograd_rows_conv2d_accepts(const Conv2dKernel &kernel);
// m: 2 or 4.
WinogradRowsConv2dStages winograd_rows_conv2d(const Conv2dKernel &kernel, int m, int tile_oc);

}  // namespace convoy
