#pragma once

#include <cmath>
#include <functional>
#include <string>

#include "schedules/search/search.h"
#include "tests/kernels/conv2d_kernels.h"

namespace convoy {

// A grouped convolution with a few hundred legal schedules on AVX2.
inline Kernel small_kernel(const Board &board) {
    const Layout layout{8, 8};
    return conv_kernel(parse_conv_problem("g8ic32ih14oc32kh3ph1"), {layout, layout}, board);
}

// An autoscheduler's point is as slow as one with a tile of so many.
constexpr double no_tile = 16;

// What a point takes, in cycles: the prediction, a rule that it knows nothing of (large tiles are
// slow), and noise of the schedule's own of a few percent.
inline double made_up_cycles(const Point &point) {
    const auto value = [&](const char *name) {
        const auto found = point.schedule.parameters.find(name);
        return found == point.schedule.parameters.end() ? 1 : found->second;
    };
    const bool has_tiles = point.schedule.parameters.contains("tile_oc");
    const double tile =
        has_tiles ? value("tile_oc") * value("tile_oh") * value("tile_ow") : no_tile;
    const double rule = 1 + 0.25 * tile;
    uint32_t hash = 2166136261u;  // the same everywhere, as std::hash is not
    for (const char c : to_string(point.schedule)) hash = (hash ^ (uint8_t)c) * 16777619u;
    return point.cycles * rule * (1 + 0.04 * (hash % 1000) / 1000);
}

}  // namespace convoy
