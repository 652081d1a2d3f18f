#pragma once

#include <vector>

#include "Halide.h"

namespace convoy::gpu {

// Of a block.
struct Threads {
    int x = 1, y = 1, z = 1;
};

// Computes a stage, for a whole block at once, in the shared memory of its threads, which share out
// three of its dims, neighbours in the first by neighbours in x, and each walk all of `inner`.
// Returns the variable of a thread's innermost loop over its share, where these are points.
Halide::Var stage(Halide::Func func, const Halide::Var &dim_x, const Halide::Var &dim_y,
                  const Halide::Var &dim_z, Halide::Func &consumer, const Halide::Var &block,
                  const Threads &threads, const std::vector<Halide::Var> &inner = {});

// The same of a copy, whatever its dims are.
void stage_copy(Halide::Func copy, Halide::Func &consumer, const Halide::Var &block,
                const Threads &threads);

}  // namespace convoy::gpu
