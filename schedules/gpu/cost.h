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

// Warps that a unit can hold at once.
inline int resident_warps(const Gpu &gpu, int threads, int registers, int shared_bytes) {
    const int warps = (int)ceil_div(threads, warp_threads),
              room = gpu.threads_per_unit / warp_threads;
    constexpr int allocated = 256, most_blocks = 32;  // registers of a warp come in such pieces
    const int warp_registers =
        (int)ceil_div(std::max(registers, 1) * warp_threads, allocated) * allocated;
    int blocks =
        std::min({room / warps, gpu.registers_per_unit / warp_registers / warps, most_blocks});
    if (shared_bytes > 0) blocks = std::min(blocks, gpu.shared_bytes_per_unit / shared_bytes);
    return std::max(blocks, 1) * warps;
}

// Registers of a thread that are sure to be enough for a register tile of so many sums.
inline int enough_registers(int tile) {
    return 2 * tile + 64;
}

// Whether a unit has registers for one block.
inline bool block_fits(const Gpu &gpu, int threads, int tile) {
    const int whole_warps = (int)ceil_div(threads, warp_threads) * warp_threads;
    return whole_warps * std::min(enough_registers(tile), gpu.registers_per_thread) <=
           gpu.registers_per_unit;
}

inline double cycles_of(const Board &board, const Launch &l) {
    const Gpu &gpu = *board.gpu;
    const double warps = (double)ceil_div(l.threads, warp_threads);
    const double warps_a_unit = std::ceil(l.blocks / gpu.units) * warps;
    const double resident =
        std::min(warps_a_unit, (double)resident_warps(gpu, l.threads, l.registers, l.shared_bytes));
    // Schedulers start an instruction a cycle each, of which there are four; loads share one unit.
    constexpr double schedulers = 4, thread_start = 60;
    const double issue = std::max(l.fmas * warp_threads / gpu.lanes_per_unit, l.fmas / schedulers) +
                         (l.loads + thread_start) / schedulers;
    const double throughput = warps_a_unit * std::max(issue, l.loads);
    const double alone = l.waits * load_latency + l.fmas + thread_start;
    const double latency = std::ceil(warps_a_unit / resident) * alone;
    const double memory =
        std::max(l.bytes > board.l2_bytes ? l.bytes / board.dram_bytes_per_cycle : 0,
                 l.l2_bytes / board.l2_bytes_per_cycle);
    return std::max({throughput, latency, memory}) + gpu.launch_us * board.clock_ghz * 1e3;
}

}  // namespace convoy::gpu
