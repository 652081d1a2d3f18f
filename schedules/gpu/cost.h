#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "targets/board.h"

// What the analytical models of the templates share: cycles of the whole GPU.

namespace convoy::gpu {

inline int64_t ceil_div(int64_t a, int64_t b) {
    return (a + b - 1) / b;
}

constexpr int warp_threads = 32;
// From a load that hits the first cache, or from a multiply-add, to the use of what it gives.
constexpr double load_latency = 35, fma_latency = 4;

// What one launch does.
struct Launch {
    double blocks = 1;
    int threads = 32;      // of a block
    int registers = 32;    // of a thread
    int shared_bytes = 0;  // of a block
    double fmas = 0;       // of a thread
    double loads = 0;      // of a thread, each one cycle of the unit for a warp
    double waits = 0;      // times that a thread waits for what it loads
    double bytes = 0;      // that the launch reads and writes in memory, each once
    double l2_bytes = 0;   // that pass the second cache
};

inline double cycles_of(const Board &board, const Launch &l) {
    const Gpu &gpu = *board.gpu;
    const double warps = (double)ceil_div(l.threads, warp_threads);
    const double blocks_a_unit = std::ceil(l.blocks / gpu.units);
    double resident = std::min(
        std::floor(gpu.threads_per_unit / (warps * warp_threads)),
        std::floor(gpu.registers_per_unit / (warps * warp_threads * std::max(l.registers, 16))));
    if (l.shared_bytes > 0)
        resident = std::min(resident, std::floor(2.0 * gpu.shared_bytes / l.shared_bytes));
    resident = std::clamp(resident, 1.0, 32.0);
    const double issue = l.fmas * warp_threads / gpu.lanes_per_unit + l.loads * 0.5;
    const double busy = std::max(issue, l.loads);
    const double throughput = blocks_a_unit * warps * busy;
    const double alone = l.waits * load_latency + l.fmas;
    const double latency = std::ceil(blocks_a_unit / resident) * alone;
    const double memory =
        std::max(l.bytes / board.dram_bytes_per_cycle * (l.bytes > board.l2_bytes ? 1 : 0),
                 l.l2_bytes / board.l2_bytes_per_cycle);
    return std::max({throughput, latency, memory}) + gpu.launch_us * board.clock_ghz * 1e3;
}

}  // namespace convoy::gpu
