#pragma once

#include "generators/conv2d.h"
#include "targets/board.h"

namespace convoy::cpu {

// How a register tile of columns and vectors of output channels gets its input: an element at a
// time, broadcast, or a block's channels as one vector, of which multiply-adds take a lane each.
enum class InputLoads { broadcast, lanes };

// Whether a convolution in `vector` output channels a vector, which the generator accepts, loads
// its input so.
bool allows_loads(InputLoads loads, const Conv2dKernel &conv, const Board &board, int vector);

// Whether a tile stays in the registers: of lanes, beside the accumulators, the input vectors of
// all columns and the weights that are at hand.
bool tile_fits(InputLoads loads, const Board &board, int columns, int tile_oc);

}  // namespace convoy::cpu
