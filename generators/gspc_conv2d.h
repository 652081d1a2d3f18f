#pragma once

#include "generators/stages.h"

namespace convoy {

// Grouped spatial pack convolution, algorithm 1 of Gibson et al., "Optimizing Grouped Convolutions
// on Edge Devices" (2020), section III.B: input, weights and output are kept in tiles of tile_ic
// (T_I) and tile_oc (T_O) channels of one group; the weights are packed ahead of time. Activations
// are nchw. With CPG = ic/g and KPG = oc/g, innermost first, f32:
//   input          (iw, ih, tile_ic, CPG/tile_ic, group, mb), its zero halo the paper's padding
//   weights        (tile_oc, tile_ic, kw, kh, CPG/tile_ic, KPG/tile_oc, group)   lines 1-4
//   bias           (tile_oc, KPG/tile_oc, group)
//   packed_input   (iw, tile_ic, ih, CPG/tile_ic, mb, group)                     lines 5-8
//   packed_output  (tile_oc, ow, oh, KPG/tile_oc, mb, group)                     lines 9-18
//   output         (ow, oh, tile_oc, KPG/tile_oc, group, mb)                     lines 19-22
// Bias, which the paper has not, starts the sums; residual and activation join at the unpacking.
struct GspcConv2dStages {
    Halide::ImageParam input, weights, bias, residual;
    Halide::Func packed_input, accumulator, packed_output, output;
    Halide::Var iw{"iw"}, ih{"ih"}, ic_lane{"ic_lane"}, ic_block{"ic_block"};
    Halide::Var oc_lane{"oc_lane"}, ow{"ow"}, oh{"oh"}, oc_block{"oc_block"}, group{"group"},
        image{"image"};
    Halide::RVar tap_ic, tap_kw, tap_kh, tap_ic_block;

    std::vector<Halide::Argument> arguments() const;
    bool has_residual = false;
};

// nchw in and out.
bool gspc_conv2d_accepts(const Conv2dKernel &kernel);

// tile_ic divides ic/g and tile_oc oc/g.
GspcConv2dStages gspc_conv2d(const Conv2dKernel &kernel, int tile_ic, int tile_oc);

}  // namespace convoy
