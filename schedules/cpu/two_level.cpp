#include "schedules/cpu/two_level.h"

#include "generators/two_level_conv2d.h"
#include "schedules/cpu/cost.h"

namespace convoy::cpu {

using namespace Halide;

namespace {

template<typename S>
void vectors_of_tile(S &&stage, const TwoLevelConv2dStages &s) {
    stage.vectorize(s.lane);
    if (s.subs > 1) stage.vectorize(s.sub);
    stage.unroll(s.ow).unroll(s.oh).unroll(s.oc);
}

void apply(TwoLevelConv2dStages &s, const Schedule &schedule) {
    const int tile_ow = schedule.at("tile_ow"), tile_oh = schedule.at("tile_oh"),
              tile_oc = schedule.at("tile_oc");
    Var owo("owo"), owi("owi"), band("band"), row("row"), oho("oho"), ohi("ohi");
    Var oco("oco"), oci("oci"), task("task");
    s.output.vectorize(s.lane)
        .split(s.oc, oco, oci, tile_oc)
        .split(s.ow, owo, owi, tile_ow)
        .split(s.oh, band, row, schedule.at("band_oh"))
        .split(row, oho, ohi, tile_oh)
        .reorder({s.lane, s.sub, owi, ohi, oci, owo, oho, oco, s.group, band, s.image})
        .unroll(s.sub)
        .unroll(owi)
        .unroll(ohi)
        .unroll(oci)
        .fuse(oco, s.group, task)
        .parallel(task);

    s.accumulator.compute_at(s.output, owo).store_in(MemoryType::Stack);
    vectors_of_tile(s.accumulator, s);
    // The operands of the inner loop stay in registers across the outer one: they must be the few.
    std::vector<VarOrRVar> tile = {s.lane, s.sub};
    if (tile_oc <= tile_ow * tile_oh) {
        tile.insert(tile.end(), {s.oc, s.ow, s.oh});
    } else {
        tile.insert(tile.end(), {s.ow, s.oh, s.oc});
    }
    std::vector<VarOrRVar> spread = tile, taps = tile;
    spread.push_back(s.representative);
    taps.insert(taps.end(), {s.ic_lane, s.ic_block, s.kw, s.kh});
    s.accumulator.update(0).reorder(spread);
    s.accumulator.update(1).reorder(taps).unroll(s.ic_lane, schedule.at("unroll_ic"));
    vectors_of_tile(s.accumulator.update(0), s);
    vectors_of_tile(s.accumulator.update(1), s);

    Var xo("xo"), xi("xi");
    s.representatives.compute_at(s.output, band).store_in(MemoryType::Stack);
    s.representatives.update()
        .split(s.x, xo, xi, schedule.at("tile_x"), TailStrategy::GuardWithIf)
        .reorder({s.summed_lane, xi, xo, s.group, s.y, s.image})
        .atomic()
        .vectorize(s.summed_lane)
        .unroll(xi)
        .parallel(s.y);
    s.lane_sums.compute_at(s.representatives, xo)
        .store_in(MemoryType::Stack)
        .vectorize(s.lane)
        .unroll(s.x);
    s.lane_sums.update()
        .reorder({s.lane, s.x, s.lane_kw, s.lane_kh, s.lane_block})
        .vectorize(s.lane)
        .unroll(s.x)
        .unroll(s.lane_kw);
}

const TwoLevelConv2dKernel &two_level_of(const Kernel &kernel) {
    return std::get<TwoLevelConv2dKernel>(kernel);
}

bool is_vector(int lanes, const Board &board) {
    return lanes == board.vector_floats ||
           (lanes * 2 == board.vector_floats && board.vector_floats >= 16);
}

bool accepts_vector(const TwoLevelConv2dKernel &kernel, const Board &board, int vector) {
    return is_vector(vector, board) && kernel.output.layout.block > 1 &&
           two_level_conv2d_accepts(kernel, vector);
}

bool accepts(const Kernel &kernel, const Board &board) {
    const auto *two_level = std::get_if<TwoLevelConv2dKernel>(&kernel);
    return two_level && is_vector(two_level->input.layout.block, board) &&
           (accepts_vector(*two_level, board, board.vector_floats) ||
            accepts_vector(*two_level, board, board.vector_floats / 2));
}

// The representatives of a band lie on the stack, where Halide puts no more than this: no kernel
// allocates.
constexpr int64_t largest_band_bytes = 16 << 10;

int64_t band_bytes(const ConvProblem &p, int rows) {
    return int64_t{4} * p.g * p.ow * rows;
}

std::string illegal(const Kernel &kernel, const Schedule &schedule, const Board &board) {
    const TwoLevelConv2dKernel &two_level = two_level_of(kernel);
    const ConvProblem &p = two_level.problem;
    const int vector = schedule.at("vector");
    if (!accepts_vector(two_level, board, vector))
        return "the layouts do not allow vector=" + std::to_string(vector);
    const int tile_ow = schedule.at("tile_ow"), tile_oh = schedule.at("tile_oh"),
              tile_oc = schedule.at("tile_oc"), tile_x = schedule.at("tile_x");
    const int band_oh = schedule.at("band_oh"), unroll_ic = schedule.at("unroll_ic");
    const auto outside = [](const char *name, int value, int low, int high) -> std::string {
        if (value >= low && value <= high) return "";
        return std::string(name) + " must be " + std::to_string(low) + ".." + std::to_string(high);
    };
    for (const std::string &wrong :
         {outside("tile_ow", tile_ow, 1, p.ow), outside("tile_x", tile_x, 1, p.ow),
          outside("band_oh", band_oh, 1, p.oh), outside("tile_oh", tile_oh, 1, band_oh),
          outside("tile_oc", tile_oc, 1, p.oc_per_group() / vector)}) {
        if (!wrong.empty()) return wrong;
    }
    if (!tile_fits(board, tile_ow * tile_oh * tile_oc, std::min(tile_oc, tile_ow * tile_oh)) ||
        !tile_fits(board, tile_x, 1)) {
        return "a tile exceeds the " + std::to_string(board.vector_registers) + " vector registers";
    }
    const int lanes = two_level.input.layout.block;
    if (unroll_ic < 1 || lanes % unroll_ic != 0)
        return "unroll_ic must divide " + std::to_string(lanes);
    if (band_bytes(p, band_oh) > largest_band_bytes) {
        return "the representatives of a band exceed " + std::to_string(largest_band_bytes) +
               " bytes of stack";
    }
    return "";
}

// A schedule's tiles, for the cost of computing and of moving alike.
struct Tiles {
    double bands, all;  // of all images: bands of rows, register tiles
    int oc_vectors;     // of one group

    Tiles(const ConvProblem &p, const Schedule &schedule) {
        const int band_oh = schedule.at("band_oh");
        oc_vectors = p.oc_per_group() / schedule.at("vector");
        bands = (double)ceil_div(p.oh, band_oh) * p.mb;
        const double tiles_band = (double)ceil_div(p.ow, schedule.at("tile_ow")) *
                                  ceil_div(band_oh, schedule.at("tile_oh"));
        all = bands * tiles_band * ceil_div(oc_vectors, schedule.at("tile_oc")) * p.g;
    }
};

Traffic traffic(const Kernel &kernel, const Schedule &schedule, const Board &) {
    const TwoLevelConv2dKernel &two_level = two_level_of(kernel);
    const ConvProblem &p = two_level.problem;
    const Tiles tiles(p, schedule);
    const double bands = tiles.bands;
    const int oc_vectors = tiles.oc_vectors, tile_oc = schedule.at("tile_oc");
    const int tile_ow = schedule.at("tile_ow"), tile_oh = schedule.at("tile_oh");
    const double taps = (double)p.ic_per_group() * p.kh * p.kw;
    const double all_weights = 4.0 * (double)two_level.weight_count();
    const double tile_weights = 4.0 * schedule.at("vector") * tile_oc * (taps + p.g);
    const double tile_input =
        4.0 * p.ic_per_group() * ((tile_ow - 1) * p.sw + p.kw) * ((tile_oh - 1) * p.sh + p.kh);
    const double band_input = 4.0 * p.ic * p.iw * ((schedule.at("band_oh") - 1) * p.sh + p.kh);
    const double input = 4.0 * p.ic * p.ih * p.iw * p.mb;
    Traffic t{{once("weights", all_weights, 4 * all_weights + input),
               {"weights", (bands - 1) * all_weights, all_weights + band_input},
               {"weights", (tiles.all - bands * oc_vectors / tile_oc * p.g) * tile_weights,
                tile_weights + tile_input + band_bytes(p, tile_oh)},
               // Read once for the representatives and once for each vector of output channels.
               once("input", input, 2 * input),
               {"input", input * ceil_div(oc_vectors, tile_oc), band_input},
               untimed("output", two_level.output)}};
    if (two_level.residual) t.streams.push_back(untimed("residual", *two_level.residual));
    return t;
}

double representative_cycles(const TwoLevelConv2dKernel &kernel, const Schedule &schedule,
                             const Board &board) {
    const ConvProblem &p = kernel.problem;
    const int lanes = kernel.input.layout.block, tile_x = schedule.at("tile_x");
    const double tiles = (double)ceil_div(p.ow, tile_x) * p.oh * p.g * p.mb;
    const double steps = (double)p.ic_per_group() / lanes * p.kh * p.kw;
    const double lane_sum = lanes >= 16 ? 7 : 5;
    return tiles * (step_cycles(board, lanes, tile_x, tile_x + 1) * steps + 8 + tile_x * lane_sum +
                    1.5 * p.ic_per_group() / lanes * (1 + p.kh));
}

// Of each band: its representatives by rows, then its tiles by output channels.
ParallelLoops parallel(const Kernel &kernel, const Schedule &schedule, const Board &) {
    const ConvProblem &p = two_level_of(kernel).problem;
    const Tiles tiles(p, schedule);
    return {.tasks = (double)ceil_div(tiles.oc_vectors, schedule.at("tile_oc")) * p.g,
            .count = 2 * tiles.bands};
}

double cycles(const Kernel &kernel, const Schedule &schedule, const Board &board) {
    const TwoLevelConv2dKernel &two_level = two_level_of(kernel);
    const ConvProblem &p = two_level.problem;
    const int vector = schedule.at("vector"), tile_oc = schedule.at("tile_oc");
    const double columns = schedule.at("tile_ow") * schedule.at("tile_oh");
    const int subs = vector / two_level.output.layout.block;
    const double taps = (double)p.ic_per_group() * p.kh * p.kw;

    const double step = step_cycles(board, vector, columns * tile_oc, columns + tile_oc);
    const double loops = taps / two_level.input.layout.block * 2 +
                         taps / schedule.at("unroll_ic") * 0.25 + p.g * 0.5;
    const double ends = 12 + columns * tile_oc * ((two_level.residual ? 3 : 2) + 4 * (subs - 1));
    const double compute = Tiles(p, schedule).all * (step * (taps + p.g) + loops + ends) +
                           representative_cycles(two_level, schedule, board);
    return overlapped(compute, traffic_cycles(board, traffic(kernel, schedule, board)));
}

// Columns of the representatives' tile: those that leave the smallest tail, more of them first.
int columns_for(int ow, const Board &board) {
    int best = 1;
    for (int columns = 2; columns <= std::min(ow, board.vector_registers / 4); columns++) {
        const auto computed = [&](int tile) { return ceil_div(ow, tile) * (tile + 1); };
        if (computed(columns) <= computed(best)) best = columns;
    }
    return best;
}

// Heights of a band, of whole tiles: those of a plane's parts, or every one.
std::vector<int> bands(int oh, int tile_oh, Span span) {
    std::vector<int> list;
    if (span == Span::usual) {
        for (int rows : {oh, oh / 2, oh / 4, tile_oh}) {
            const int band_oh = std::max(tile_oh, rows / tile_oh * tile_oh);
            if (list.empty() || band_oh != list.back()) list.push_back(band_oh);
        }
    } else {
        for (int rows = tile_oh; rows <= oh; rows += tile_oh) list.push_back(rows);
    }
    return list;
}

std::vector<Schedule> candidates(const Kernel &kernel, const Board &board, Span span) {
    const TwoLevelConv2dKernel &two_level = two_level_of(kernel);
    const ConvProblem &p = two_level.problem;
    const int lanes = two_level.input.layout.block;
    std::vector<Schedule> list;
    for (int vector : {board.vector_floats, board.vector_floats / 2}) {
        if (!accepts_vector(two_level, board, vector)) continue;
        const int oc_vectors = p.oc_per_group() / vector;
        for (int tile_ow = 1; tile_ow <= 24; tile_ow++) {
            for (const int tile_oh : lengths(span, p.oh, {1, 2, 3, 4, 7})) {
                for (int tile_oc = 1; tile_oc <= std::min(oc_vectors, 12); tile_oc++) {
                    if (tile_ow * tile_oh * tile_oc > board.vector_registers) break;
                    for (const int band_oh : bands(p.oh, tile_oh, span)) {
                        for (const int unroll_ic : divisors(span, lanes, {2})) {
                            Schedule schedule{"two_level",
                                              {{"vector", vector},
                                               {"tile_ow", tile_ow},
                                               {"tile_oh", tile_oh},
                                               {"tile_oc", tile_oc},
                                               {"band_oh", band_oh},
                                               {"tile_x", columns_for(p.ow, board)},
                                               {"unroll_ic", unroll_ic}}};
                            if (illegal(kernel, schedule, board).empty())
                                list.push_back(std::move(schedule));
                        }
                    }
                }
            }
        }
    }
    return list;
}

ScheduledKernel build(const Kernel &kernel, const Schedule &schedule, const Board &) {
    TwoLevelConv2dStages stages = two_level_conv2d(two_level_of(kernel), schedule.at("vector"));
    apply(stages, schedule);
    return {stages.output, stages.arguments()};
}

}  // namespace

const Template two_level = {"two_level", 1,     accepts, candidates, illegal,
                            cycles,      build, true,    traffic,    parallel};

}  // namespace convoy::cpu
