#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "targets/board.h"

namespace convoy {

// A memory that holds what is used again, and how fast it is filled from the next one.
struct CacheLevel {
    std::string name;
    int64_t bytes = 0;
    double bytes_per_cycle = 0;
};

// Nearest first. On a CPU: "registers", the vector ones, then "L1", "L2" and, where there is one,
// "L3". On a GPU: "units", registers and shared memory of all units together, then "L2".
std::vector<CacheLevel> cache_levels(const Board &board);

}  // namespace convoy
