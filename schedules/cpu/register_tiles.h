#pragma once

#include <vector>

#include "Halide.h"

#include "schedules/schedule.h"

namespace convoy::cpu {

// The loops of matrix products that lie beside each other, one a point of Winograd's or a number of
// Strassen's.
struct ProductLoops {
    Halide::Var lane, x, y, oc;          // of a vector, columns, rows, vectors of output channels
    Halide::RVar ic_lane;                // innermost of the sum
    std::vector<Halide::RVar> ic_outer;  // the rest of it
    std::vector<Halide::Var> planes;     // that one tile of weights is read for
    std::vector<Halide::Var> products;
};

// `stored` takes the sums of tiles of tile_x x tile_y x tile_oc vectors, which `sums` adds up in
// registers, unroll_ic steps at once.
void sum_in_register_tiles(Halide::Func &stored, Halide::Func &sums, const ProductLoops &loops,
                           const Schedule &schedule);

}  // namespace convoy::cpu
