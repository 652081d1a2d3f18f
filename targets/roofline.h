#pragma once

#include <cstdint>

#include "targets/board.h"

namespace convoy {

// A cache level, or memory: "L1", "L2", "L3" or "memory", and how fast one core reads from it.
struct Memory {
    const char *name;
    double bytes_per_cycle;
};
// The nearest that holds so many bytes.
Memory memory_for(const Board &board, int64_t bytes);

// The least times one core needs for a kernel's multiply-adds at peak, and for its activations and
// constants once from the cache level (or memory) that can hold them all.
struct Roofline {
    double compute_us, memory_us;
    const char *memory;  // "L1", "L2", "L3" or "memory"
};
Roofline roofline(const Board &board, int64_t macs, int64_t bytes);

// The least time one core needs for a kernel: its multiply-adds at peak, or its activations and
// constants once from the cache level (or memory) that can hold them all, whichever takes longer.
double roofline_us(const Board &board, int64_t macs, int64_t bytes);

}  // namespace convoy
