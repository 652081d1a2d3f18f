#pragma once

#include <algorithm>
#include <cstdint>

#include "generators/layout.h"
#include "schedules/traffic.h"
#include "targets/board.h"

// What the analytical models of the templates share: cycles of one core for a register tile and
// for traffic.

namespace convoy::cpu {

inline int64_t ceil_div(int64_t a, int64_t b) {
    return (a + b - 1) / b;
}

// One step of a register tile's reduction: `accumulators` independent multiply-adds of `lanes`
// floats fed by `loads` loads, beside them where the processor is out of order.
// In order, what is loaded for `steps_at_once` steps is waited for, and the last results are.
inline double step_cycles(const Board &board, int lanes, double accumulators, double loads,
                          int steps_at_once = 1) {
    const bool narrow = lanes * 2 <= board.vector_floats;
    const double fma = accumulators / (narrow ? board.narrow_fma_per_cycle : board.fma_per_cycle);
    const double load = loads / (narrow ? 2 * board.loads_per_cycle : board.loads_per_cycle);
    const double latency = board.fma_latency_cycles;
    if (board.in_order) return fma + load + latency / steps_at_once;
    return std::max({fma, load, latency});
}

// Instructions of x86 take an operand from memory, broadcast where it is one element. Those of arm
// need a register for it, and multiply by one lane of that.
inline bool takes_memory_operands(const Board &board) {
    return board.family == "x86";
}

// Cycles to stream `bytes` that are used again after `footprint` bytes: from the cache level that
// holds these.
inline double stream_cycles(const Board &board, double bytes, double footprint) {
    if (footprint <= usable_share * board.l1d_bytes) return 0;
    if (footprint <= usable_share * board.l2_bytes) return bytes / board.l2_bytes_per_cycle;
    if (footprint <= usable_share * board.l3_bytes) return bytes / board.l3_bytes_per_cycle;
    return bytes / board.dram_bytes_per_cycle;
}

// Cycles of what a template's prediction counts.
inline double traffic_cycles(const Board &board, const Traffic &traffic) {
    double cycles = 0;
    for (const Stream &s : traffic.streams) {
        if (s.is_timed) cycles += stream_cycles(board, s.bytes, s.footprint);
    }
    return cycles;
}

// A layer's weights: between two runs come those of the rest of the network.
inline Stream weights_stream(double bytes) {
    return once("weights", bytes, 16 * bytes);
}

// What is written, or read beside the input, at its own pace: stores and prefetched loads that no
// multiply-add waits for.
inline Stream untimed(const char *array, const View &view) {
    const double bytes = 4.0 * view.mb * view.padded_channels() * view.h * view.w;
    return once(array, bytes, 2 * bytes, false);
}

// A task of a parallel loop starts with a call and addresses of its own.
constexpr double task_cycles = 50;

// Loads run ahead of the arithmetic, but not all of the way.
inline double overlapped(double compute, double traffic) {
    return std::max(compute, traffic) + 0.25 * std::min(compute, traffic);
}

// A register tile may hold this many accumulators beside the operands of one step; more are
// spilled.
inline bool tile_fits(const Board &board, int accumulators, int streamed_operands) {
    return accumulators + streamed_operands + 1 <= board.vector_registers &&
           accumulators <= board.vector_registers - 4;
}

}  // namespace convoy::cpu
