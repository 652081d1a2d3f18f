#include "schedules/cpu/input_loads.h"

#include <algorithm>

#include "schedules/cpu/cost.h"

namespace convoy::cpu {

bool allows_loads(InputLoads loads, const Conv2dKernel &conv, const Board &board, int vector) {
    const int block = conv.input.layout.block;
    const bool allows_lanes = vector == board.vector_floats && block == vector &&
                              conv2d_extents(conv, vector).ic % block == 0;
    if (loads == InputLoads::lanes) return allows_lanes;
    const bool is_size = vector == board.vector_floats ||
                         (vector * 2 == board.vector_floats && board.vector_floats >= 16);
    // Without operands from memory, lanes need fewer registers and fewer loads.
    return is_size && (takes_memory_operands(board) || !allows_lanes);
}

bool tile_fits(InputLoads loads, const Board &board, int columns, int tile_oc) {
    const int streamed = std::min(tile_oc, columns);
    if (loads == InputLoads::lanes)
        return columns * tile_oc + columns + streamed < board.vector_registers;
    return tile_fits(board, columns * tile_oc, streamed);
}

}  // namespace convoy::cpu
