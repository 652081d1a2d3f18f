#include "schedules/bounds/seeds.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

#include "schedules/bounds/cache_levels.h"
#include "schedules/bounds/kernel_bound.h"

namespace convoy {

namespace {

// What a template counts its tiles in: columns and channels of one unit.
struct Units {
    int ow, oh, oc, ic;

    Units(const Schedule &schedule, const Kernel &kernel) {
        // Winograd's tiles are m outputs wide, and as high or m_oh, or one row.
        const int m = schedule.at_or("m", 1);
        ow = schedule.at_or("vector_ow", m);
        oh = schedule.parameters.contains("tile_y") ? schedule.at_or("m_oh", m) : 1;
        // Vectors of output channels; gspc's vector is one of columns.
        const bool in_channels = schedule.template_name == "gspc";
        oc = in_channels ? 1 : schedule.at_or("vector", 1);
        const auto *conv = std::get_if<Conv2dKernel>(&kernel);
        ic = in_channels || !conv
                 ? 1
                 : std::gcd(conv->problem.ic_per_group(), conv->input.layout.block);
    }
};

// One loop of a schedule that a parameter cuts.
struct Cut {
    double ConvTile::*loop;
    double extent;
    bool is_band;
};

std::vector<Cut> cuts_of(const Schedule &schedule, const Kernel &kernel) {
    const Units units(schedule, kernel);
    const bool has_winograd_tiles = schedule.parameters.contains("m");
    const struct {
        const char *name;
        double ConvTile::*loop;
        int unit;
        bool is_band;
    } table[] = {
        {"tile_ow", &ConvTile::ow, units.ow, false},
        {"tile_oh", &ConvTile::oh, 1, false},
        {"tile_oc", &ConvTile::oc, units.oc, false},
        {"tile_ic", &ConvTile::ic, units.ic, false},
        {"tile_x", &ConvTile::ow, has_winograd_tiles ? units.ow : 0, false},
        {"tile_y", &ConvTile::oh, units.oh, false},
        {"band_ow", &ConvTile::ow, 1, true},
        {"band_oh", &ConvTile::oh, 1, true},
        {"band", &ConvTile::oh, units.oh, true},
        {"chunk_oc", &ConvTile::oc, units.oc, true},
        {"threads_ow", &ConvTile::ow, 1, false},
        {"threads_oh", &ConvTile::oh, schedule.at_or("tile_oh", 1), false},
    };
    std::vector<Cut> cuts;
    for (const auto &entry : table) {
        // 0: the parameter cuts nothing.
        const int extent = entry.unit * schedule.at_or(entry.name, 0);
        if (extent > 0) cuts.push_back({entry.loop, (double)extent, entry.is_band});
    }
    return cuts;
}

}  // namespace

std::vector<size_t> seed_points(const Kernel &kernel, const std::vector<Schedule> &points,
                                const Board &board, size_t count) {
    // The registers of a CPU are too few for a tile of all three arrays: sums alone stay there.
    const std::vector<CacheLevel> levels = cache_levels(board);
    const CacheLevel &near = levels[board.gpu ? 0 : 1], &far = levels[board.gpu ? 0 : 2];
    const auto near_bound = kernel_bound(kernel, near.bytes),
               far_bound = kernel_bound(kernel, far.bytes);
    if (!near_bound || !far_bound) return {};
    const ConvTile &near_tile = near_bound->tiling.real, &far_tile = far_bound->tiling.real;

    struct Ranked {
        double distance;
        size_t index;
    };
    std::map<std::string, std::vector<Ranked>> by_template;
    for (size_t at = 0; at < points.size(); at++) {
        double distance = 0;
        for (const Cut &cut : cuts_of(points[at], kernel)) {
            const ConvTile &tile = cut.is_band ? far_tile : near_tile;
            const double difference = std::log(cut.extent / (tile.*cut.loop));
            distance += difference * difference;
        }
        by_template[points[at].template_name].push_back({distance, at});
    }
    size_t longest = 0;
    for (auto &[name, list] : by_template) {
        std::stable_sort(list.begin(), list.end(),
                         [](const auto &a, const auto &b) { return a.distance < b.distance; });
        longest = std::max(longest, list.size());
    }
    std::vector<size_t> seeds;
    for (size_t turn = 0; turn < longest; turn++) {
        for (const auto &[name, list] : by_template) {
            if (seeds.size() == count) return seeds;
            if (turn < list.size()) seeds.push_back(list[turn].index);
        }
    }
    return seeds;
}

}  // namespace convoy
