#pragma once

#include <cstdint>

#include "generators/kernel.h"

// How little a convolution can read and write through a cache, and which tiles come near it: the
// tiling linear program of Lien, Banka and Jogani, "Communication-Avoiding Depthwise-Separable
// Convolutions" (2022), section 4.5.1, after Dinh and Demmel, "Communication-Optimal Tilings for
// Projective Nested Loops with Arbitrary Bounds". The variables are logarithms of a tile's extents,
// the objective is the tile's number of multiply-adds, every array that the tile touches is a row.
//
// What is different from the program as the section prints it:
// - Groups are a loop that all three arrays share; with one input and one output channel a group
//   they are the paper's C_in.
// - The paper bounds each array by the cache alone. Here all three lie in it together: rows of
//   tangents to that condition are added until the solution meets it.
// - The paper's row of the input counts W_out x W_f columns, those of im2col. The window touches
//   fewer, W_out + W_f - 1 at stride 1, so that this row gives tiles that fit, but no bound. Here a
//   tap is kw = s q + r with r < s (s: the stride; the small-filter split of the paper's reference
//   [1]): the columns of one r are at least as many as there are ow, and as there are q. That makes
//   four rows of the input, one a choice of ow or qw and of oh or qh.
// - Logarithms of the bounds are taken to base e, not to base M: the same program.

namespace convoy {

// Extents of a tile of a convolution's loops, each at least 1; channels are those of one group.
struct ConvTile {
    double mb = 1, g = 1, oc = 1, ic = 1, oh = 1, ow = 1, kh = 1, kw = 1;

    double macs() const { return mb * g * oc * ic * oh * ow * kh * kw; }
    bool operator==(const ConvTile &) const = default;
};

// Bytes of float32 that a tile of whole extents touches of all three arrays, pads included.
double footprint_bytes(const ConvProblem &problem, const ConvTile &tile);

// The tile with most multiply-adds among those that fit into the cache.
struct Tiling {
    ConvTile real;  // the program's solution
    ConvTile tile;  // whole extents near it, whose arrays fit
};

// Throws std::invalid_argument where the cache has no room for three floats, one of each array.
Tiling best_tiling(const ConvProblem &problem, int64_t cache_bytes);

// Bytes that every order of computation moves through a cache, both ways.
struct TrafficBound {
    // By the program, for any order of the multiply-adds. Let V be an upper bound on the
    // multiply-adds of one group that F floats allow. While X floats are read, or outputs begun,
    // no more than F = M + X are at hand, so N multiply-adds take M + X (ceil(N / V) - 1) floats,
    // and those that begin an output do not read it but write it in the end. The largest of these
    // over a series of F counts, for each group: groups share no data. For a large matrix product
    // it is 2 N / sqrt(M).
    double program_bytes = 0;
    double compulsory_bytes = 0;  // each element that is used, once
    double bytes() const;         // the larger
};

// Of input, weights and output, float32. Multiply-adds with pads are not counted. Throws as
// best_tiling does.
TrafficBound traffic_bound(const ConvProblem &problem, int64_t cache_bytes);

}  // namespace convoy
