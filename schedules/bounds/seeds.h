#pragma once

#include <cstddef>
#include <vector>

#include "schedules/schedule.h"

namespace convoy {

// Where a search may start: the indices, at most `count`, of those among the points whose tiles are
// nearest to the tiling program's, by the sum of squared differences of logarithms of extents.
// Register tiles and what is summed at a time are compared with the tile of the first-level cache,
// bands with that of the second. Templates take turns, each with its nearest first. Parameters that
// are no extents do not count: of points that differ in these alone the first comes first. Empty
// for kernels without a program. On a GPU the one level is the units' memory.
std::vector<size_t> seed_points(const Kernel &kernel, const std::vector<Schedule> &points,
                                const Board &board, size_t count);

}  // namespace convoy
