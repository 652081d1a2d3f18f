#pragma once

#include "generators/stages.h"
#include "generators/strassen_transform.h"

namespace convoy {

// Convolution 1 x 1, dense or grouped with whole blocks a group (conv2d.h), as a product of
// matrices by Strassen's algorithm (strassen_transform.h): the weights are the left factor, input
// channels are summed, and pixels are the right factor's columns. Vectors of output channels and
// blocks of input channels belong to the parts in turn; so do rows and, with two levels, columns of
// the output. Layouts, innermost first, f32:
//   input    (lane, iw, ih, ic block of the group, group, mb)
//   weights  (vector, oc vector of a tile, ic position of a part, oc tile of a chunk, product,
//            chunk of a part, group), summed
//   bias     (vector, oc vector of the group, group)
//   output   (lane, block of the vector, ow, oh, oc vector of the group, group, mb)
// What the kernel computes differs from the exact convolution by rounding that grows with levels.
struct StrassenConv2dStages {
    Halide::ImageParam input, weights, bias, residual;
    // Right factors; the products' sums; the blocks of the result at one place; the output.
    Halide::Func input_sums, product, result, accumulator, output;
    Halide::Var lane{"lane"}, sub{"sub"}, ow{"ow"}, oh{"oh"}, oc{"oc"}, group{"group"},
        image{"image"};
    // Of one part.
    Halide::Var x{"x"}, y{"y"}, ic_block{"ic_block"};
    Halide::Var number{"number"};  // of a product, of a block of the result
    Halide::RVar ic_lane, ic_blocks;
    int columns = 1, rows = 1;            // parts of the output's
    int columns_each = 1, rows_each = 1;  // of a part
    int oc_vectors = 1;                   // of a part

    std::vector<Halide::Argument> arguments() const;
    bool has_residual = false;
};

constexpr int most_strassen_levels = 2;

// Parts of the columns and of the rows of the output.
constexpr int strassen_columns(int levels) {
    return strassen_parts(levels / 2);
}
constexpr int strassen_rows(int levels) {
    return strassen_parts(levels - levels / 2);
}

// 1 x 1 without pads whose channels of a group are whole blocks and vectors of each part, none of
// the input's padding, and layouts as conv2d with `vector` output channels takes them.
bool strassen_conv2d_accepts(const Conv2dKernel &kernel, int vector, int levels);
// chunk_oc vectors divide a part's, tile_oc any number of them.
StrassenConv2dStages strassen_conv2d(const Conv2dKernel &kernel, int vector, int levels,
                                     int tile_oc, int chunk_oc);

}  // namespace convoy
