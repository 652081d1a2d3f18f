#include "schedules/bounds/cache_levels.h"

namespace convoy {

std::vector<CacheLevel> cache_levels(const Board &board) {
    constexpr int float_bytes = 4;
    if (board.gpu) {
        const Gpu &gpu = *board.gpu;
        const int64_t unit =
            int64_t{gpu.registers_per_unit} * float_bytes + gpu.shared_bytes_per_unit;
        return {{"units", unit * gpu.units, board.l2_bytes_per_cycle},
                {"L2", board.l2_bytes, board.dram_bytes_per_cycle}};
    }
    const int vector_bytes = board.vector_floats * float_bytes;
    std::vector<CacheLevel> levels = {
        {"registers", int64_t{board.vector_registers} * vector_bytes,
         board.loads_per_cycle * vector_bytes},
        {"L1", board.l1d_bytes, board.l2_bytes_per_cycle},
    };
    const bool has_l3 = board.l3_bytes > board.l2_bytes;
    levels.push_back(
        {"L2", board.l2_bytes, has_l3 ? board.l3_bytes_per_cycle : board.dram_bytes_per_cycle});
    if (has_l3) levels.push_back({"L3", board.l3_bytes, board.dram_bytes_per_cycle});
    return levels;
}

}  // namespace convoy
