#pragma once

#include "schedules/gpu/cost.h"
#include "schedules/gpu/register_tile.h"
#include "schedules/gpu/staging.h"
#include "schedules/template.h"

// What the fused convolutions share: a block computes all output channels of some pixels, for what
// lies between is then computed once.

namespace convoy::gpu {

// vector: output channels of a register tile, tile_oh: its rows.
struct PixelTile {
    int vector, tile_oh, threads_ow, threads_oh, threads_c;

    explicit PixelTile(const Schedule &schedule);
    int threads() const { return threads_ow * threads_oh * threads_c; }
    int pixels() const { return threads_ow * threads_oh * tile_oh; }
    Threads block() const { return {threads_ow, threads_oh, threads_c}; }
};

// What is wrong with a tile of `vectors` vectors of output channels a pixel, that keeps `between`
// floats a pixel in shared memory; empty where nothing is.
std::string wrong_with(const PixelTile &tile, const ConvProblem &p, int vectors, int between,
                       const Board &board);

// Tiles in which nothing is wrong.
std::vector<Schedule> pixel_tiles(const char *name, const ConvProblem &p,
                                  const std::vector<int> &vectors, int oc, int between,
                                  const Board &board);

// Splits the output; returns the variable of the block, and that of a thread's own loop over
// vectors of output channels.
template<typename Stages>
std::pair<Halide::Var, Halide::Var> split_pixels(Stages &s, const PixelTile &t) {
    using Halide::Var;
    Var owo("owo"), x("x"), oho("oho"), oht("oht"), y("y"), ohi("ohi"), channel("channel"),
        each("each"), z("z"), plane("plane");
    s.output.split(s.ow, owo, x, t.threads_ow)
        .split(s.oh, oho, oht, t.threads_oh * t.tile_oh)
        .split(oht, y, ohi, t.tile_oh)
        .fuse(s.oc, s.group, channel)
        .split(channel, each, z, t.threads_c)
        .reorder(s.lane, s.sub, ohi, each, x, y, z, owo, oho, s.image)
        .fuse(owo, oho, plane)
        .unroll(s.sub)
        .unroll(ohi)
        .gpu_blocks(plane, s.image)
        .gpu_threads(x, y, z);
    return {plane, each};
}

// A thread's sums.
template<typename Stage, typename Stages>
void unroll_pixels(Stage &&stage, const Stages &s, const PixelTile &t) {
    unroll_channels(stage, s.sub, t.vector);
    if (t.tile_oh > 1) stage.unroll(s.oh);
}

}  // namespace convoy::gpu
