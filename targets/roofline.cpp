#include "targets/roofline.h"

#include <algorithm>

namespace convoy {

double roofline_us(const Board &board, int64_t macs, int64_t bytes) {
    const double l1_bytes_per_cycle = 4.0 * board.vector_floats * board.loads_per_cycle;
    const double bytes_per_cycle = bytes <= board.l1d_bytes  ? l1_bytes_per_cycle
                                   : bytes <= board.l2_bytes ? board.l2_bytes_per_cycle
                                   : bytes <= board.l3_bytes ? board.l3_bytes_per_cycle
                                                             : board.dram_bytes_per_cycle;
    const double compute = (double)macs / (board.vector_floats * board.fma_per_cycle);
    return std::max(compute, (double)bytes / bytes_per_cycle) / (board.clock_ghz * 1e3);
}

}  // namespace convoy
