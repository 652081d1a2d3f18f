#include "schedules/cpu/transpose.h"

#include <algorithm>
#include <numeric>

#include "generators/reorder.h"
#include "schedules/cpu/cost.h"
#include "schedules/cpu/interleave.h"

namespace convoy::cpu {

using namespace Halide;

namespace {

// Lanes that lie beside each other in both layouts.
int run_of(const ReorderKernel &kernel) {
    const Layout &in = kernel.input.layout, &out = kernel.output.layout;
    return in.groups == 1 && out.groups == 1 ? std::gcd(in.block, out.block) : 1;
}

// Channels that share cache lines of the input.
int channels_together(const View &view) {
    return view.layout.block * (view.layout.groups > 1 ? view.c / view.layout.groups : 1);
}

// Whether all planes start in the same places of the first-level cache.
bool collide(const View &planes) {
    return planes.plane_stride() % 1024 == 0;
}

constexpr int tile_bytes = 16 * 1024;  // on the stack

// Columns that are transposed at a time: where they go to many planes or these collide, so that
// lines do not stay in the cache until they are full, as many as a line holds.
int columns_stored(const ReorderKernel &reorder) {
    const View &in = reorder.input, &out = reorder.output;
    const int planes = channels_together(in);
    const bool whole_lines = planes > in.layout.block || collide(out);
    return whole_lines && out.w >= 16 && planes * 16 * 4 <= tile_bytes ? 16 : 8;
}

int columns_loaded(const ReorderKernel &reorder) {
    return collide(reorder.input) && reorder.output.w >= 16 ? 16 : 4;
}

// Whether the lanes of blocks of 8 or 16 go to planes of their own, squares at a time.
bool stores_planes(const ReorderKernel &reorder) {
    const View &in = reorder.input, &out = reorder.output;
    const int planes = channels_together(in), columns = columns_stored(reorder);
    return in.layout.block >= 8 && !in.layout.padded && out.layout.block == 1 && out.w >= columns &&
           planes * columns * 4 <= tile_bytes && reorder.input_channel % planes == 0;
}

// Whether lanes of blocks of 4, 8 or 16 come from planes of their own, squares at a time.
bool loads_planes(const ReorderKernel &reorder) {
    const View &in = reorder.input, &out = reorder.output;
    return in.layout.block == 1 && out.layout.block >= 4 && out.w >= 4;
}

// Rows of planes without halos follow each other: one row each.
ReorderKernel flattened(ReorderKernel reorder) {
    if (reorder.input.halo == Halo{} && reorder.output.halo == Halo{}) {
        for (View *view : {&reorder.input, &reorder.output}) {
            view->w *= view->h;
            view->h = 1;
        }
    }
    return reorder;
}

bool accepts(const Kernel &kernel, const Board &board) {
    const auto *reorder = std::get_if<ReorderKernel>(&kernel);
    return reorder && reorder->input.layout != reorder->output.layout &&
           reorder_accepts(*reorder, board.vector_floats);
}

std::vector<Schedule> candidates(const Kernel &, const Board &board, Span) {
    return {{"transpose", {{"vector", board.vector_floats}}}};
}

std::string illegal(const Kernel &kernel, const Schedule &schedule, const Board &board) {
    if (!accepts(kernel, board)) return "the layouts are equal";
    if (schedule.at("vector") != board.vector_floats)
        return "vector must be the board's " + std::to_string(board.vector_floats);
    return "";
}

int channels_of_group(const View &view) {
    return view.c / view.layout.groups;
}

// Cycles for a float, or for a run of them.
double cycles_each(const ReorderKernel &reorder) {
    const View &in = reorder.input, &out = reorder.output;
    if (loads_planes(reorder)) return 0.15;
    // Lines of many colliding planes leave the first-level cache before they are full.
    if (group_transposition(reorder)) return collide(in.layout.groups > 1 ? out : in) ? 0.5 : 0.25;
    // Other lanes of several groups come and go one by one, from and to as many places as a group
    // has channels.
    const bool is_blocked = in.layout.block > 1 && out.layout.block > 1;
    if (is_blocked && out.layout.groups > 1) return channels_of_group(out) < 32 ? 1.6 : 2.8;
    if (is_blocked && in.layout.groups > 1)
        return std::clamp(0.27 * channels_of_group(in), 0.4, 2.2);
    if (!stores_planes(reorder)) return 0.5;
    // The planes of several blocks are stored from memory.
    return reorder.input.layout.groups > 1 ? 0.3 : 0.15;
}

double cycles(const Kernel &kernel, const Schedule &, const Board &board) {
    const ReorderKernel reorder = flattened(std::get<ReorderKernel>(kernel));
    const View &in = reorder.input, &out = reorder.output;
    const double floats = (double)out.floats(), input = (double)in.floats();
    const double bytes = 4 * (floats + (in.c > out.c ? std::min(floats, input) : input));
    const double compute = floats / run_of(reorder) * cycles_each(reorder);
    return 60 + overlapped(compute, stream_cycles(board, bytes, bytes));
}

ParallelLoops parallel(const Kernel &kernel, const Schedule &, const Board &) {
    const auto &reorder = std::get<ReorderKernel>(kernel);
    const View &out = reorder.output;
    if (const auto t = group_transposition(reorder))
        return {.tasks = (double)t->blocks_per_group * t->lane_groups * out.mb};
    const int together = out.layout.block == 1 ? channels_together(reorder.input) : 1;
    return {.tasks = (double)ceil_div(out.blocks, together) * out.mb};
}

// The vectors of a block's columns are interleaved into rows of its channels, which are copied to
// their planes: from registers, unless the channels are those of several blocks.
void store_planes(ReorderStages &s, const ReorderKernel &reorder) {
    Var outer("outer"), inner("inner"), within("within"), column("column"), task("task");
    const int block = reorder.input.layout.block, together = channels_together(reorder.input);
    s.output.split(s.block, outer, inner, together, TailStrategy::GuardWithIf)
        .split(inner, inner, within, together / block)
        .split(s.w, s.w, column, columns_stored(reorder), TailStrategy::ShiftInwards)
        .reorder(s.lane, column, inner, within, s.w, s.h, outer, s.image)
        .vectorize(column)
        .unroll(inner)
        .fuse(outer, s.image, task)
        .parallel(task);
    Func rows = s.input.in(s.output);
    const Var lane = rows.args()[0], w = rows.args()[1], at = rows.args()[3];
    rows.compute_at(s.output, s.w)
        .store_in(MemoryType::Stack)
        .bound_extent(lane, block)
        .bound_extent(at, together / block)
        .reorder_storage(w, lane)
        .vectorize(lane)
        .unroll(w);
    interleave_in_squares(s.output);
}

// Where planes start in the same places of the cache, so many columns of few of them are moved at a
// time, until their lines are full.
constexpr int columns_together = 8;

// Orders the loops: those of one tile of a pixel, over tiles that are moved a pixel at a time, and
// over those that are moved some columns at a time, if any. A tile moves through registers.
void loop_over_tiles(GroupReorderStages &s, const std::vector<Var> &tile,
                     const std::vector<Var> &of_pixel, const std::vector<Var> &of_columns) {
    Var columns("columns"), task("task");
    std::vector<VarOrRVar> loops(tile.begin(), tile.end());
    loops.insert(loops.end(), of_pixel.begin(), of_pixel.end());
    loops.push_back(s.w);
    if (!of_columns.empty()) {
        s.output.split(s.w, columns, s.w, columns_together, TailStrategy::GuardWithIf);
        loops.insert(loops.end(), of_columns.begin(), of_columns.end());
        loops.push_back(columns);
    }
    for (const Var &v : {s.h, s.group_block, s.lane_group, s.image}) loops.push_back(v);
    s.output.reorder(loops)
        .fuse(s.group_block, s.lane_group, task)
        .fuse(task, s.image, task)
        .parallel(task);
    s.moved.compute_at(s.output, of_pixel.empty() ? s.w : of_pixel[0]).store_in(MemoryType::Stack);
    interleave_in_squares(s.output);
}

// Tiles of groups and channels are loaded as vectors of groups, and stored as parts of blocks.
ScheduledKernel from_groups(const ReorderKernel &reorder, const GroupTransposition &t) {
    GroupReorderStages s = group_reorder(reorder);
    Var part("part"), at("at"), tile("tile");
    const bool is_square = t.channels % 8 == 0 && t.lanes % 4 == 0;
    const int groups = is_square ? std::max(4, t.groups) : t.lanes;
    s.output.split(s.lane, part, at, std::min(reorder.output.layout.block, 8))
        .split(s.block, tile, s.block, groups / t.groups)
        .vectorize(at)
        .unroll(s.block)
        .unroll(tile);
    s.moved.bound_extent(s.channel, std::min(t.channels, 8))
        .bound_extent(s.group, groups)
        .vectorize(s.group)
        .unroll(s.channel);
    // All parts of a block that holds several groups are of the same tile.
    std::vector<Var> loops = {at, s.block}, tiles = {tile};
    if (t.groups > 1)
        s.output.unroll(part), loops.insert(loops.begin() + 1, part);
    else
        tiles.push_back(part);
    if (collide(reorder.output) && groups < t.lanes)
        loop_over_tiles(s, loops, {}, tiles);
    else
        loop_over_tiles(s, loops, tiles, {});
    return {s.output, s.arguments()};
}

// Tiles are loaded as a group's channels, or where these are few as blocks, and stored as vectors
// of groups.
ScheduledKernel to_groups(const ReorderKernel &reorder, const GroupTransposition &t) {
    GroupReorderStages s = group_reorder(reorder);
    Var part("part"), at("at"), tile("tile"), block("block"), lane("lane");
    const bool is_square = t.channels % 4 == 0;
    const int groups = is_square ? std::min(t.lanes, 8) : t.lanes,
              channels = std::min(t.channels, 4);
    s.output.split(s.group, part, at, groups)
        .split(s.channel, tile, s.channel, channels)
        .vectorize(at)
        .unroll(s.channel)
        .unroll(part);
    s.moved.bound_extent(s.channel, channels).bound_extent(s.group, groups);
    if (is_square) {
        s.moved.reorder_storage(s.group, s.channel).vectorize(s.channel).unroll(s.group);
    } else {
        s.moved.split(s.group, block, s.group, t.groups)
            .fuse(s.channel, s.group, lane)
            .vectorize(lane)
            .unroll(block);
    }
    if (collide(reorder.output) && channels < t.channels)
        loop_over_tiles(s, {at, s.channel}, {part}, {tile});
    else if (collide(reorder.input) && groups < t.lanes)
        loop_over_tiles(s, {at, s.channel}, {tile}, {part});
    else
        loop_over_tiles(s, {at, s.channel}, {part, tile}, {});
    return {s.output, s.arguments()};
}

ScheduledKernel build(const Kernel &kernel, const Schedule &schedule, const Board &) {
    const ReorderKernel reorder = flattened(std::get<ReorderKernel>(kernel));
    const int vector = schedule.at("vector");
    if (const auto t = group_transposition(reorder))
        return reorder.input.layout.groups > 1 ? from_groups(reorder, *t) : to_groups(reorder, *t);
    ReorderStages s = convoy::reorder(reorder);
    Var outer("outer"), inner("inner"), column("column"), task("task");
    const int run = run_of(reorder);
    if (stores_planes(reorder)) {
        store_planes(s, reorder);
    } else if (reorder.output.layout.block == 1) {
        const int columns = std::min(vector, reorder.output.w);
        s.output.split(s.block, outer, inner, channels_together(reorder.input),
                       TailStrategy::GuardWithIf);
        s.output.split(s.w, s.w, column, columns)
            .reorder(s.lane, column, inner, s.w, s.h, outer, s.image)
            .vectorize(column)
            .fuse(outer, s.image, task)
            .parallel(task);
    } else if (run > 1) {
        s.output.split(s.lane, outer, inner, run)
            .reorder(inner, outer, s.w, s.h, s.block, s.image)
            .vectorize(inner)
            .unroll(outer)
            .fuse(s.block, s.image, task)
            .parallel(task);
    } else if (loads_planes(reorder)) {
        s.output.split(s.w, s.w, column, columns_loaded(reorder), TailStrategy::ShiftInwards)
            .reorder(s.lane, column, s.w, s.h, s.block, s.image)
            .vectorize(column)
            .unroll(s.lane)
            .fuse(s.block, s.image, task)
            .parallel(task);
        interleave_in_squares(s.output);
    } else {
        s.output.reorder(s.lane, s.w, s.h, s.block, s.image)
            .vectorize(s.lane)
            .fuse(s.block, s.image, task)
            .parallel(task);
    }
    return {s.output, s.arguments()};
}

}  // namespace

const Template transpose = {"transpose", 2,     accepts, candidates, illegal,
                            cycles,      build, true,    nullptr,    parallel};

}  // namespace convoy::cpu
