#include "targets/roofline.h"

#include <algorithm>
#include <cstdint>
#include <iterator>

namespace convoy {

Memory memory_for(const Board &board, int64_t bytes) {
    const struct {
        const char *name;
        int64_t bytes;
        double bytes_per_cycle;
    } memories[] = {
        {"L1", board.l1d_bytes, 4.0 * board.vector_floats * board.loads_per_cycle},
        {"L2", board.l2_bytes, board.l2_bytes_per_cycle},
        {"L3", board.l3_bytes, board.l3_bytes_per_cycle},
        {"memory", INT64_MAX, board.dram_bytes_per_cycle},
    };
    const auto holds_all = [&](const auto &memory) { return bytes <= memory.bytes; };
    const auto &from = *std::find_if(std::begin(memories), std::end(memories), holds_all);
    return {from.name, from.bytes_per_cycle};
}

Roofline roofline(const Board &board, int64_t macs, int64_t bytes) {
    const Memory from = memory_for(board, bytes);
    const double compute = (double)macs / (board.vector_floats * board.fma_per_cycle);
    const double cycles_a_us = board.clock_ghz * 1e3;
    return {compute / cycles_a_us, (double)bytes / from.bytes_per_cycle / cycles_a_us, from.name};
}

double roofline_us(const Board &board, int64_t macs, int64_t bytes) {
    const Roofline line = roofline(board, macs, bytes);
    return std::max(line.compute_us, line.memory_us);
}

}  // namespace convoy
