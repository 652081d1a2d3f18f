#pragma once

#include "generators/stages.h"
#include "generators/zero_padded.h"

namespace convoy {

// Convolution whose vector runs over the output channels of one group (dense convolution: one
// group). Any group's channels fill whole blocks: (ic/g) % input block == 0 and (oc/g) % vector ==
// 0 where g > 1.
//
// Layouts, innermost first, f32:
//   input    (lane, iw, ih, ic block of the group, group, mb)
//   weights  (vector, ic position of the group, kw, kh, oc vector of the group, group)
//   bias     (vector, oc vector of the group, group)
//   output   (lane, block of the vector, ow, oh, oc vector of the group, group, mb)
// A vector of output channels spans vector / output block blocks of the output.
struct Conv2dStages {
    Halide::ImageParam input, weights, bias, residual;
    ZeroPadded padded;  // the input, where it lacks_reach()
    Halide::Func accumulator, output;
    Halide::Var lane{"lane"}, sub{"sub"}, ow{"ow"}, oh{"oh"}, oc{"oc"}, group{"group"},
        image{"image"};
    Halide::RVar ic_lane, ic_block, kw, kh;
    int vector = 1;
    int oc_vectors = 1;  // extent of oc
    int subs = 1;        // extent of sub

    std::vector<Halide::Argument> arguments() const;
    bool has_residual = false;
};

// How many channels one group has in a kernel, as memory holds them.
struct Conv2dExtents {
    int ic;          // positions that are summed: padding between groups too where g is 1
    int ic_blocks;   // of the input
    int oc_vectors;  // of the output
};
Conv2dExtents conv2d_extents(const Conv2dKernel &kernel, int vector);

// Vectors of a tile of weights that Winograd's or Strassen's products read in register tiles of
// tile_oc: these, or 1 where they do not divide the chunk.
int product_weight_tile(int tile_oc, int chunk_oc);

bool conv2d_accepts(const Conv2dKernel &kernel, int vector);
Conv2dStages conv2d(const Conv2dKernel &kernel, int vector);

}  // namespace convoy
