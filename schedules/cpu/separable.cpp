#include "schedules/cpu/separable.h"

#include "generators/separable_conv2d.h"
#include "schedules/cpu/cost.h"

namespace convoy::cpu {

using namespace Halide;

namespace {

void apply(SeparableConv2dStages &s, const Schedule &schedule) {
    const int tile_ow = schedule.at("tile_ow"), tile_oh = schedule.at("tile_oh"),
              tile_oc = schedule.at("tile_oc");
    Var band_x("band_x"), in_band_x("in_band_x"), owo("owo"), owi("owi");
    Var band_y("band_y"), in_band_y("in_band_y"), oho("oho"), ohi("ohi");
    Var oco("oco"), oci("oci"), task("task");
    s.output.vectorize(s.lane)
        .split(s.oc, oco, oci, tile_oc)
        .split(s.ow, band_x, in_band_x, schedule.at("band_ow"))
        .split(in_band_x, owo, owi, tile_ow)
        .split(s.oh, band_y, in_band_y, schedule.at("band_oh"))
        .split(in_band_y, oho, ohi, tile_oh)
        .reorder({s.lane, s.sub, owi, ohi, oci, owo, oho, oco, s.group, band_x, band_y, s.image})
        .unroll(s.sub)
        .unroll(owi)
        .unroll(ohi)
        .unroll(oci)
        .fuse(band_y, s.image, task)
        .parallel(task);

    s.accumulator.compute_at(s.output, owo)
        .store_in(MemoryType::Stack)
        .bound_extent(s.ow, tile_ow)
        .bound_extent(s.oh, tile_oh)
        .bound_extent(s.oc, tile_oc)
        .vectorize(s.lane)
        .unroll(s.ow)
        .unroll(s.oh)
        .unroll(s.oc);
    // The operands of the inner loop stay in registers across the outer one: they must be the few.
    std::vector<VarOrRVar> tile = {s.lane, s.sub};
    if (tile_oc <= tile_ow * tile_oh) {
        tile.insert(tile.end(), {s.oc, s.ow, s.oh});
    } else {
        tile.insert(tile.end(), {s.ow, s.oh, s.oc});
    }
    tile.push_back(s.ic);
    s.accumulator.update()
        .reorder(tile)
        .vectorize(s.lane)
        .unroll(s.ow)
        .unroll(s.oh)
        .unroll(s.oc)
        .unroll(s.ic, schedule.at("unroll_ic"));
    if (s.subs > 1) {
        s.accumulator.vectorize(s.sub);
        s.accumulator.update().vectorize(s.sub);
    }

    Var block("block"), c_lane("c_lane"), xo("xo"), xi("xi");
    s.intermediate.compute_at(s.output, band_x)
        .store_in(MemoryType::Stack)
        .bound(s.c, 0, s.channels)
        .split(s.c, block, c_lane, s.lanes)
        .split(s.x, xo, xi, schedule.at("tile_x"), TailStrategy::ShiftInwards)
        .reorder({c_lane, xi, xo, s.y, block, s.image})
        .vectorize(c_lane)
        .unroll(xi);
    s.depthwise.compute_at(s.intermediate, xo)
        .store_in(MemoryType::Stack)
        .vectorize(s.c, s.lanes)
        .unroll(s.x);
    s.depthwise.update()
        .reorder(s.c, s.x, s.kw, s.kh, s.y)
        .vectorize(s.c, s.lanes)
        .unroll(s.x)
        .unroll(s.kw);
    if (schedule.at("unroll_kh")) s.depthwise.update().unroll(s.kh);
}

const SeparableConv2dKernel &separable_of(const Kernel &kernel) {
    return std::get<SeparableConv2dKernel>(kernel);
}

bool is_vector(int lanes, const Board &board) {
    return lanes == board.vector_floats ||
           (lanes * 2 == board.vector_floats && board.vector_floats >= 16);
}

bool accepts(const Kernel &kernel, const Board &board) {
    const auto *separable = std::get_if<SeparableConv2dKernel>(&kernel);
    return separable && is_vector(separable->input.layout.block, board) &&
           separable->output.layout.block > 1 &&
           separable_conv2d_accepts(*separable, board.vector_floats);
}

// The intermediate of a band lies on the stack, where Halide puts no more than this: no kernel
// allocates.
constexpr int64_t largest_band_bytes = 16 << 10;

// Floats of the intermediate at one pixel.
int channels_of(const SeparableConv2dKernel &kernel) {
    const int lanes = kernel.input.layout.block;
    return (int)ceil_div(kernel.depthwise.ic, lanes) * lanes;
}

int oc_vectors_of(const SeparableConv2dKernel &kernel, int vector) {
    return (int)ceil_div(kernel.oc, vector);
}

std::string illegal(const Kernel &kernel, const Schedule &schedule, const Board &board) {
    const SeparableConv2dKernel &separable = separable_of(kernel);
    const ConvProblem &p = separable.depthwise;
    if (schedule.at("vector") != board.vector_floats)
        return "vector must be the board's " + std::to_string(board.vector_floats);
    const int tile_ow = schedule.at("tile_ow"), tile_oh = schedule.at("tile_oh"),
              tile_oc = schedule.at("tile_oc"), tile_x = schedule.at("tile_x");
    const int band_ow = schedule.at("band_ow"), band_oh = schedule.at("band_oh");
    const int oc_vectors = oc_vectors_of(separable, board.vector_floats);
    const auto outside = [](const char *name, int value, int low, int high) -> std::string {
        if (value >= low && value <= high) return "";
        return std::string(name) + " must be " + std::to_string(low) + ".." + std::to_string(high);
    };
    for (const std::string &wrong :
         {outside("band_ow", band_ow, 1, p.ow), outside("band_oh", band_oh, 1, p.oh),
          outside("tile_ow", tile_ow, 1, band_ow), outside("tile_oh", tile_oh, 1, band_oh),
          outside("tile_oc", tile_oc, 1, oc_vectors), outside("tile_x", tile_x, 1, band_ow),
          outside("unroll_kh", schedule.at("unroll_kh"), 0, 1)}) {
        if (!wrong.empty()) return wrong;
    }
    if (!tile_fits(board, tile_ow * tile_oh * tile_oc, std::min(tile_oc, tile_ow * tile_oh)) ||
        !tile_fits(board, tile_x, 1)) {
        return "a tile exceeds the " + std::to_string(board.vector_registers) + " vector registers";
    }
    const int unroll_ic = schedule.at("unroll_ic");
    if (unroll_ic < 1 || p.ic % unroll_ic != 0)
        return "unroll_ic must divide " + std::to_string(p.ic);
    if (int64_t{4} * channels_of(separable) * band_ow * band_oh > largest_band_bytes) {
        return "the intermediate of a band exceeds " + std::to_string(largest_band_bytes) +
               " bytes of stack";
    }
    return "";
}

double depthwise_cycles(const SeparableConv2dKernel &kernel, const Schedule &schedule,
                        const Board &board) {
    const ConvProblem &p = kernel.depthwise;
    const int lanes = kernel.input.layout.block, tile_x = schedule.at("tile_x");
    const int band_ow = schedule.at("band_ow");
    const double rows =
        (double)ceil_div(p.oh, schedule.at("band_oh")) * schedule.at("band_oh") * p.mb;
    const double tiles =
        rows * ceil_div(p.ow, band_ow) * ceil_div(band_ow, tile_x) * ceil_div(p.ic, lanes);
    // Unrolled taps share their inputs.
    const double distinct = ((tile_x - 1.0) * p.sw + p.kw) / p.kw;
    const double loads = 1 + std::min((double)tile_x, 0.5 * (distinct + tile_x));
    const double loops = schedule.at("unroll_kh") ? 1.5 : 1.5 * (1 + p.kh);
    return tiles *
           (step_cycles(board, lanes, tile_x, loads) * p.kh * p.kw + loops + 8 + 2 * tile_x);
}

double bands_of(const ConvProblem &p, const Schedule &schedule) {
    return (double)ceil_div(p.ow, schedule.at("band_ow")) * ceil_div(p.oh, schedule.at("band_oh")) *
           p.mb;
}

// Register tiles of the pointwise convolution.
double tiles_of(const SeparableConv2dKernel &kernel, const Schedule &schedule, const Board &board) {
    return bands_of(kernel.depthwise, schedule) *
           ceil_div(schedule.at("band_ow"), schedule.at("tile_ow")) *
           ceil_div(schedule.at("band_oh"), schedule.at("tile_oh")) *
           ceil_div(oc_vectors_of(kernel, board.vector_floats), schedule.at("tile_oc"));
}

Traffic traffic(const Kernel &kernel, const Schedule &schedule, const Board &board) {
    const SeparableConv2dKernel &separable = separable_of(kernel);
    const ConvProblem &p = separable.depthwise;
    const int vector = board.vector_floats;
    const double bands = bands_of(p, schedule), tiles = tiles_of(separable, schedule, board);
    const double pointwise_weights = 4.0 * vector * oc_vectors_of(separable, vector) * p.ic;
    const double band_bytes =
        4.0 * channels_of(separable) * schedule.at("band_ow") * schedule.at("band_oh");
    const double tile_weights = 4.0 * vector * schedule.at("tile_oc") * p.ic;
    const double input = 4.0 * separable.input.padded_channels() * p.ih * p.iw * p.mb;
    const double output = 4.0 * separable.output.padded_channels() * p.oh * p.ow * p.mb;
    const double depthwise_weights = 4.0 * channels_of(separable) * p.kh * p.kw;
    Traffic t{
        {once("weights", pointwise_weights, 4 * pointwise_weights + input),
         {"weights", (bands - 1) * pointwise_weights, pointwise_weights + band_bytes * p.sw * p.sh},
         {"weights", tiles * tile_weights - bands * pointwise_weights, tile_weights + band_bytes},
         once("input, output", input + output, input + output),
         once("depthwise weights", depthwise_weights, 2 * depthwise_weights, false)}};
    if (separable.residual) t.streams.push_back(untimed("residual", *separable.residual));
    return t;
}

ParallelLoops parallel(const Kernel &kernel, const Schedule &schedule, const Board &) {
    const ConvProblem &p = separable_of(kernel).depthwise;
    return {.tasks = (double)ceil_div(p.oh, schedule.at("band_oh")) * p.mb};
}

double cycles(const Kernel &kernel, const Schedule &schedule, const Board &board) {
    const SeparableConv2dKernel &separable = separable_of(kernel);
    const ConvProblem &p = separable.depthwise;
    const int vector = board.vector_floats, tile_oc = schedule.at("tile_oc");
    const double tiles = tiles_of(separable, schedule, board);
    const double columns = schedule.at("tile_ow") * schedule.at("tile_oh");
    const int subs = vector / separable.output.layout.block;

    const double step = step_cycles(board, vector, columns * tile_oc, columns + tile_oc);
    const double loops = p.ic / schedule.at("unroll_ic") * 0.25;
    const double ends = 12 + columns * tile_oc * ((separable.residual ? 3 : 2) + 4 * (subs - 1));
    const double compute =
        tiles * (step * p.ic + loops + ends) + depthwise_cycles(separable, schedule, board);
    return overlapped(compute, traffic_cycles(board, traffic(kernel, schedule, board)));
}

// Columns of the depthwise tile: those that leave the smallest tail, more of them first.
int columns_for(int band_ow, const Board &board) {
    int best = 1;
    for (int columns = 2; columns <= std::min(band_ow, board.vector_registers / 4); columns++) {
        const auto computed = [&](int tile) { return ceil_div(band_ow, tile) * (tile + 1); };
        if (computed(columns) <= computed(best)) best = columns;
    }
    return best;
}

std::vector<Schedule> all_points(const Kernel &kernel, const Board &board) {
    const SeparableConv2dKernel &separable = separable_of(kernel);
    const ConvProblem &p = separable.depthwise;
    const int registers = board.vector_registers;
    const int64_t pixels = largest_band_bytes / (4 * channels_of(separable));
    std::vector<Schedule> list;
    const auto add_tiles = [&](int band_ow, int band_oh) {
        for (int tile_ow = 1; tile_ow <= std::min(band_ow, registers); tile_ow++) {
            for (int tile_oh = 1; tile_oh * tile_ow <= registers && tile_oh <= band_oh; tile_oh++) {
                if (band_oh % tile_oh != 0) continue;
                for (int tile_oc = 1; tile_oc * tile_oh * tile_ow <= registers; tile_oc++) {
                    for (const int unroll_kh : {0, 1}) {
                        for (const int unroll_ic : divisors(Span::usual, p.ic, {1, 2, 4})) {
                            Schedule schedule{"separable",
                                              {{"vector", board.vector_floats},
                                               {"tile_ow", tile_ow},
                                               {"tile_oh", tile_oh},
                                               {"tile_oc", tile_oc},
                                               {"band_ow", band_ow},
                                               {"band_oh", band_oh},
                                               {"tile_x", columns_for(band_ow, board)},
                                               {"unroll_kh", unroll_kh},
                                               {"unroll_ic", unroll_ic}}};
                            if (illegal(kernel, schedule, board).empty())
                                list.push_back(std::move(schedule));
                        }
                    }
                }
            }
        }
    };
    for (int band_oh = 1; band_oh <= std::min<int64_t>(p.oh, pixels); band_oh++) {
        // Bands that cut a row into equal parts, or nearly: others compute as much in more parts.
        int previous = 0;
        for (int parts = 1; parts <= p.ow; parts++) {
            const int band_ow = (int)ceil_div(p.ow, parts);
            if (band_ow == previous || int64_t{band_ow} * band_oh > pixels) continue;
            previous = band_ow;
            add_tiles(band_ow, band_oh);
        }
    }
    return list;
}

std::vector<Schedule> candidates(const Kernel &kernel, const Board &board, Span span) {
    const SeparableConv2dKernel &separable = separable_of(kernel);
    const ConvProblem &p = separable.depthwise;
    const int oc_vectors = oc_vectors_of(separable, board.vector_floats);
    const int64_t pixels = largest_band_bytes / (4 * channels_of(separable));
    std::vector<Schedule> list;
    if (span == Span::all) return all_points(kernel, board);
    for (int tile_ow = 1; tile_ow <= 14; tile_ow++) {
        for (int tile_oh : {1, 2, 4, 7}) {
            for (int tile_oc = 1; tile_oc <= std::min(oc_vectors, 12); tile_oc++) {
                for (int rows = tile_oh; rows <= 4 * tile_oh; rows *= 2) {
                    // The widest bands that fit, all about as wide.
                    const int most = (int)std::min<int64_t>(pixels / rows, p.ow);
                    if (most < tile_ow) break;
                    int band_ow = (int)ceil_div(p.ow, ceil_div(p.ow, most));
                    band_ow = std::min(most, (int)ceil_div(band_ow, tile_ow) * tile_ow);
                    Schedule schedule{"separable",
                                      {{"vector", board.vector_floats},
                                       {"tile_ow", tile_ow},
                                       {"tile_oh", tile_oh},
                                       {"tile_oc", tile_oc},
                                       {"band_ow", band_ow},
                                       {"band_oh", rows},
                                       {"tile_x", columns_for(band_ow, board)},
                                       {"unroll_kh", p.kh * p.kw <= 25},
                                       {"unroll_ic", p.ic % 2 ? 1 : 2}}};
                    if (illegal(kernel, schedule, board).empty())
                        list.push_back(std::move(schedule));
                }
            }
        }
    }
    return list;
}

ScheduledKernel build(const Kernel &kernel, const Schedule &schedule, const Board &) {
    SeparableConv2dStages stages = separable_conv2d(separable_of(kernel), schedule.at("vector"));
    apply(stages, schedule);
    return {stages.output, stages.arguments()};
}

}  // namespace

const Template separable = {"separable", 1,     accepts, candidates, illegal,
                            cycles,      build, true,    traffic,    parallel};

}  // namespace convoy::cpu
