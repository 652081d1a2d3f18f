#pragma once

#include "generators/stages.h"

namespace convoy {

// Convolution whose vector runs over groups, and over columns where there are fewer groups than
// lanes: the group-interleaved layout makes a grouped convolution vector x vector products like a
// depthwise one, and block 1 (nchw) is the spatially vectorised form. Input and output are
// interleaved over the same lanes:
//   input    (lane, iw, ih, ic of the group, lane group, mb)
//   weights  (lane, oc of a tile, kw, kh, ic of the group, oc tile of the group, lane group)
//   bias     (lane, oc of the group, lane group)
//   output   (lane, ow, oh, oc of the group, lane group, mb)
// where group = lane group * lanes + lane. A tile of the weights is what one register tile reads,
// in a row, so that no two of its lines meet in one set of the cache.
struct GroupedConv2dStages {
    Halide::ImageParam input, weights, bias, residual;
    Halide::Func accumulator, output;
    Halide::Var lane{"lane"}, ow{"ow"}, oh{"oh"}, oc{"oc"}, group{"group"}, image{"image"};
    Halide::RVar kw, kh, ic;
    int lanes = 1;        // extent of lane
    int lane_groups = 1;  // extent of group

    std::vector<Halide::Argument> arguments() const;
    bool has_residual = false;
};

bool grouped_conv2d_accepts(const Conv2dKernel &kernel);
GroupedConv2dStages grouped_conv2d(const Conv2dKernel &kernel, int tile_oc);

// Output channels of a tile of the weights, for register tiles of tile_oc: these, or all of the
// group where they do not divide it.
int weight_tile(const ConvProblem &problem, int tile_oc);

}  // namespace convoy
