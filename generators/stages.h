#pragma once

#include <vector>

#include "Halide.h"

#include "generators/kernel.h"

// What every generator hands to a schedule: named stages, never a scheduling call.

namespace convoy {

// A parameter's dimension 0 to a block's lanes; two from `first` on to the columns and rows of a
// plane and of the halo, which has negative coordinates.
void constrain_plane(Halide::OutputImageParam param, const View &view, const Halo &halo,
                     int first = 1);

// (lane, w, h, block, mb), constrained to the view's constant bounds and strides.
Halide::ImageParam view_param(const View &view, const char *name);
// f32 (lane, block): one value a channel.
Halide::ImageParam channel_param(const View &view, const char *name);
void constrain_output(Halide::Func &output, const View &view);

// (lane, w, h, block of the group, group, mb), halo included for an input, not for an output or
// residual.
void constrain_groups(Halide::OutputImageParam param, const View &view, int blocks_per_group,
                      int groups, const Halo &halo);

// (lane, block of the vector, w, h, vector of the group, group, mb): the output or residual of a
// convolution whose vector of `vector` channels spans vector / view.layout.block blocks.
void constrain_vectors(Halide::OutputImageParam param, const View &view, int vector,
                       int vectors_per_group, int groups);

// The input of a grouped convolution, as constrain_groups.
Halide::ImageParam groups_param(const View &view, int blocks_per_group, int groups);

// Packed constants: dense, innermost first.
Halide::ImageParam dense_param(const std::vector<int> &extents, const char *name);

// Where an element of a dense array lies; the first index is innermost, the last has no extent.
Halide::Expr dense_index(const std::vector<Halide::Expr> &indices, const std::vector<int> &extents);

// Arithmetic only, within 1e-6 of activated() (absolutely where |x| is small, else relatively).
Halide::Expr activate(Halide::Expr x, const Activation &activation);

Halide::Expr combined(Halide::Expr a, Halide::Expr b, Combine combine);

// The coordinate of an operand of extent `own` beside an output of extent `all`, which it is
// broadcast over where it is 1.
inline Halide::Expr broadcast(const Halide::Var &at, int own, int all) {
    return own == 1 && all != 1 ? Halide::Expr(0) : Halide::Expr(at);
}

}  // namespace convoy
