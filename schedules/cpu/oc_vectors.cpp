#include "schedules/cpu/oc_vectors.h"

#include <numeric>

#include "generators/conv2d.h"
#include "schedules/cpu/cost.h"
#include "schedules/cpu/input_loads.h"
#include "schedules/cpu/pad_rows.h"

namespace convoy::cpu {

using namespace Halide;

namespace {

template<typename S>
void vectors_of_tile(S &&stage, const Conv2dStages &s) {
    stage.vectorize(s.lane);
    if (s.subs > 1) stage.vectorize(s.sub);
    stage.unroll(s.ow).unroll(s.oh).unroll(s.oc);
}

void tile_reduction(Func &f, const Conv2dStages &s, const std::vector<VarOrRVar> &reduction,
                    RVar unrolled, int unroll_ic, bool few_vectors) {
    f.vectorize(s.lane).unroll(s.ow).unroll(s.oh).unroll(s.oc).store_in(MemoryType::Stack);
    if (s.subs > 1) f.vectorize(s.sub);
    // The operands of the inner loop stay in registers across the outer one: they must be the few.
    std::vector<VarOrRVar> order = {s.lane, s.sub};
    if (few_vectors) {
        order.insert(order.end(), {s.oc, s.ow, s.oh});
    } else {
        order.insert(order.end(), {s.ow, s.oh, s.oc});
    }
    order.insert(order.end(), reduction.begin(), reduction.end());
    f.update().reorder(order);
    vectors_of_tile(f.update(), s);
    if (unroll_ic > 1) f.update().unroll(unrolled, unroll_ic);
}

// The input vectors of a register tile, loaded before the lanes are walked.
void load_lanes(const Conv2dStages &s, Func &f, const RVar &blocks) {
    ImageParam input = s.input;
    Func vectors = input.in(f);
    const std::vector<Var> at = vectors.args();  // lane, column, row ...
    vectors.compute_at(f, blocks)
        .store_in(MemoryType::Stack)
        .vectorize(at[0])
        .unroll(at[1])
        .unroll(at[2]);
}

void apply(Conv2dStages &s, const Schedule &schedule, InputLoads loads) {
    const int tile_ow = schedule.at("tile_ow"), tile_oh = schedule.at("tile_oh"),
              tile_oc = schedule.at("tile_oc");
    const int tile_ic = schedule.at("tile_ic"), unroll_ic = schedule.at("unroll_ic");
    const bool few_vectors = tile_oc <= tile_ow * tile_oh;
    Var owo("owo"), owi("owi"), oho("oho"), ohi("ohi"), oco("oco"), oci("oci"), task("task");

    s.output.vectorize(s.lane).split(s.oc, oco, oci, tile_oc).unroll(oci).unroll(s.sub);
    if (tile_ic == 0) {
        s.output.split(s.ow, owo, owi, tile_ow)
            .split(s.oh, oho, ohi, tile_oh)
            .unroll(owi)
            .unroll(ohi);
        if (schedule.at("rows_outer")) {
            s.output.reorder(s.lane, s.sub, owi, ohi, oci, owo, oco, oho, s.group, s.image)
                .fuse(oho, s.group, task)
                .fuse(task, s.image, task);
        } else {
            s.output.reorder(s.lane, s.sub, owi, ohi, oci, owo, oho, oco, s.group, s.image)
                .fuse(oco, s.group, task)
                .fuse(task, s.image, task);
        }
        s.output.parallel(task);
        if (s.padded.is_used())
            pad_rows(s.padded, s.output, schedule.at("rows_outer") ? task : oho, s.vector);
        s.accumulator.compute_at(s.output, owo);
        tile_reduction(s.accumulator, s, {s.ic_lane, s.ic_block, s.kw, s.kh}, s.ic_lane, unroll_ic,
                       few_vectors);
        if (loads == InputLoads::lanes) load_lanes(s, s.accumulator, s.ic_block);
        return;
    }
    // The reduction in blocks of tile_ic channel blocks: their weights stay in the first-level
    // cache while they are added to the sums of a band of rows.
    RVar ic_outer("ic_outer"), ic_inner("ic_inner");
    Var ic_slice("ic_slice");
    s.accumulator.update().split(s.ic_block, ic_outer, ic_inner, tile_ic,
                                 TailStrategy::GuardWithIf);
    Func partial = s.accumulator.update().rfactor(ic_outer, ic_slice);

    Var band("band"), row("row");
    s.output.split(s.oh, band, row, schedule.at("band_oh"))
        .reorder(s.lane, s.sub, oci, s.ow, row, band, oco, s.group, s.image)
        .fuse(oco, s.group, task)
        .fuse(task, s.image, task)
        .parallel(task);
    s.accumulator.compute_at(s.output, band)
        .vectorize(s.lane)
        .unroll(s.oc)
        .store_in(MemoryType::Stack);
    s.accumulator.reorder_storage(s.lane, s.sub, s.oc, s.ow, s.oh, s.group, s.image);
    s.accumulator.reorder(s.lane, s.sub, s.oc, s.ow, s.oh, s.group, s.image);
    s.accumulator.update()
        .split(s.ow, owo, owi, tile_ow, TailStrategy::GuardWithIf)
        .split(s.oh, oho, ohi, tile_oh, TailStrategy::GuardWithIf)
        .reorder(s.lane, s.sub, owi, ohi, s.oc, owo, oho, ic_outer, s.group, s.image)
        .vectorize(s.lane)
        .unroll(owi)
        .unroll(ohi)
        .unroll(s.oc);
    if (s.subs > 1) {
        s.accumulator.vectorize(s.sub);
        s.accumulator.update().vectorize(s.sub);
    }
    partial.compute_at(s.accumulator, owo);
    tile_reduction(partial, s, {s.ic_lane, ic_inner, s.kw, s.kh}, s.ic_lane, unroll_ic,
                   few_vectors);
    if (loads == InputLoads::lanes) load_lanes(s, partial, ic_inner);
}

struct Shape {
    const ConvProblem &p;
    const Conv2dKernel &kernel;
    int vector;
    int oc_vectors, groups, ic, steps;  // of one group; steps = length of the reduction

    Shape(const Conv2dKernel &k, int vector_)
        : p(k.problem), kernel(k), vector(vector_), groups(p.g) {
        const Conv2dExtents extents = conv2d_extents(k, vector);
        ic = extents.ic, oc_vectors = extents.oc_vectors;
        steps = ic * p.kh * p.kw;
    }
    double weight_bytes() const { return 4.0 * vector * oc_vectors * steps; }
    double input_bytes() const { return 4.0 * ic * p.ih * p.iw; }
};

const Conv2dKernel &conv_of(const Kernel &kernel) {
    return std::get<Conv2dKernel>(kernel);
}

template<InputLoads loads>
bool accepts_vector(const Kernel &kernel, const Board &board, int vector) {
    return allows_loads(loads, conv_of(kernel), board, vector) &&
           conv2d_accepts(conv_of(kernel), vector);
}

template<InputLoads loads>
bool accepts(const Kernel &kernel, const Board &board) {
    return std::holds_alternative<Conv2dKernel>(kernel) &&
           (accepts_vector<loads>(kernel, board, board.vector_floats) ||
            accepts_vector<loads>(kernel, board, board.vector_floats / 2));
}

// Sums of a band lie on the stack, where Halide puts no more than this: no kernel allocates.
constexpr int64_t largest_sums_bytes = 16 << 10;

int64_t sums_bytes(const Shape &shape, int tile_oc, int rows) {
    return int64_t{4} * shape.vector * tile_oc * rows * shape.p.ow;
}

// The tallest band whose sums fit and which the rows divide into evenly; 0 where not even a tile's
// rows fit.
int tallest_band(const Shape &shape, int tile_oc, int tile_oh) {
    for (int rows = shape.p.oh; rows >= tile_oh; rows--) {
        if (shape.p.oh % rows == 0 && sums_bytes(shape, tile_oc, rows) <= largest_sums_bytes)
            return rows;
    }
    return 0;
}

template<InputLoads loads>
std::string illegal(const Kernel &kernel, const Schedule &schedule, const Board &board) {
    const int vector = schedule.at("vector");
    if (!accepts_vector<loads>(kernel, board, vector))
        return "the layouts do not allow vector=" + std::to_string(vector);
    const Shape shape(conv_of(kernel), vector);
    const int tile_ow = schedule.at("tile_ow"), tile_oh = schedule.at("tile_oh"),
              tile_oc = schedule.at("tile_oc");
    const int tile_ic = schedule.at("tile_ic"), unroll_ic = schedule.at("unroll_ic");
    const auto within = [](int value, int extent) { return value >= 1 && value <= extent; };
    if (!within(tile_ow, shape.p.ow)) return "tile_ow must be 1.." + std::to_string(shape.p.ow);
    if (!within(tile_oh, shape.p.oh)) return "tile_oh must be 1.." + std::to_string(shape.p.oh);
    if (!within(tile_oc, shape.oc_vectors))
        return "tile_oc must be 1.." + std::to_string(shape.oc_vectors);
    if (!tile_fits(loads, board, tile_ow * tile_oh, tile_oc)) {
        return "the tile exceeds the " + std::to_string(board.vector_registers) +
               " vector registers";
    }
    const int run = std::gcd(shape.ic, shape.kernel.input.layout.block);
    if (unroll_ic < 1 || run % unroll_ic != 0)
        return "unroll_ic must divide " + std::to_string(run);
    if (loads == InputLoads::lanes && unroll_ic != run)
        return "unroll_ic must be " + std::to_string(run);
    const int blocks = shape.ic / run;
    if (tile_ic < 0 || (tile_ic > 0 && (tile_ic >= blocks || blocks % tile_ic != 0))) {
        return "tile_ic must be 0 or divide " + std::to_string(blocks);
    }
    if (tile_ic > 0 && lacks_reach(shape.kernel))
        return "tile_ic must be 0 where the input lacks its zeros";
    if (tile_ic > 0 && shape.oc_vectors % tile_oc != 0)
        return "tile_oc must divide the vectors where tile_ic > 0";
    if (tile_ic == 0) return "";
    const int band_oh = schedule.at("band_oh");
    if (band_oh < tile_oh || shape.p.oh % band_oh != 0) {
        return "band_oh must be " + std::to_string(tile_oh) + " at least and divide " +
               std::to_string(shape.p.oh);
    }
    if (sums_bytes(shape, tile_oc, band_oh) > largest_sums_bytes) {
        return "the sums of a band exceed " + std::to_string(largest_sums_bytes) +
               " bytes of stack";
    }
    return "";
}

// Channels of the input that lie beside each other.
int run_of(const Shape &shape) {
    return std::gcd(shape.ic, shape.kernel.input.layout.block);
}

// How the planes, the output channels and, where tile_ic > 0, the input channels are cut.
struct Tiles {
    double columns, plane, oc, all;  // pixels of a tile; tiles of a plane, of channels, of all
    double part = 1, bands = 0;      // of the reduction, that a tile sums at once; of all planes

    Tiles(const Shape &shape, const Schedule &schedule) {
        const ConvProblem &p = shape.p;
        const int tile_ow = schedule.at("tile_ow"), tile_oh = schedule.at("tile_oh");
        columns = tile_ow * tile_oh;
        plane = (double)ceil_div(p.ow, tile_ow) * ceil_div(p.oh, tile_oh);
        oc = (double)ceil_div(shape.oc_vectors, schedule.at("tile_oc"));
        all = plane * oc * p.g * p.mb;
        if (schedule.at("tile_ic") == 0) return;
        part = (double)schedule.at("tile_ic") * run_of(shape) / shape.ic;
        bands = (double)ceil_div(p.oh, schedule.at("band_oh")) * oc * p.g * p.mb;
    }
};

Traffic traffic(const Kernel &kernel, const Schedule &schedule, const Board &) {
    const Shape shape(conv_of(kernel), schedule.at("vector"));
    const ConvProblem &p = shape.p;
    const Tiles tiles(shape, schedule);
    const int tile_ow = schedule.at("tile_ow"), tile_oh = schedule.at("tile_oh"),
              tile_oc = schedule.at("tile_oc");
    // Weights of one tile are read again for every tile of the plane, inputs for every tile of
    // output channels.
    const double tile_weights = 4.0 * shape.vector * tile_oc * shape.steps;
    const double tile_input =
        4.0 * shape.ic * ((tile_ow - 1) * p.sw + p.kw) * ((tile_oh - 1) * p.sh + p.kh);
    const double all_weights = shape.weight_bytes() * p.g,
                 all_input = shape.input_bytes() * p.g * p.mb;
    // All are read once from where the rest of the network leaves them, and again from nearer.
    const double again = tiles.all * tile_weights - all_weights;
    const Stream input = {"input", all_input * tiles.oc, shape.input_bytes(), all_input};
    Traffic t{{weights_stream(all_weights)}};
    if (schedule.at("tile_ic") > 0) {
        const double sums = (double)sums_bytes(shape, tile_oc, schedule.at("band_oh"));
        t.streams.insert(
            t.streams.end(),
            {{"weights", again, (tile_weights + tile_input) * tiles.part + sums},
             {"weights", tiles.bands * tile_weights - all_weights,
              2 * tile_weights + shape.input_bytes()},
             {"sums", 2 * sums / tiles.part * tiles.bands, sums + tile_weights * tiles.part},
             input});
    } else if (schedule.at("rows_outer")) {
        t.streams.push_back({"weights", again, shape.weight_bytes() + tile_input});
        t.streams.push_back(once("input", all_input, 2 * all_input));
    } else {
        t.streams.push_back({"weights", again, tile_weights + tile_input});
        t.streams.push_back(input);
    }
    t.streams.push_back(untimed("output", shape.kernel.output));
    if (shape.kernel.residual) t.streams.push_back(untimed("residual", *shape.kernel.residual));
    t.register_bytes = 4 * tiles.all * shape.steps * (tiles.columns + tile_oc * shape.vector) +
                       4 * tiles.all * tiles.columns * tile_oc * shape.vector *
                           ((shape.kernel.residual ? 2 : 1) + 2 * (1 / tiles.part - 1));
    return t;
}

ParallelLoops parallel(const Kernel &kernel, const Schedule &schedule, const Board &) {
    const Shape shape(conv_of(kernel), schedule.at("vector"));
    const ConvProblem &p = shape.p;
    const double tiles = schedule.at("rows_outer")
                             ? (double)ceil_div(p.oh, schedule.at("tile_oh"))
                             : (double)ceil_div(shape.oc_vectors, schedule.at("tile_oc"));
    return {.tasks = tiles * p.g * p.mb};
}

template<InputLoads loads>
double cycles(const Kernel &kernel, const Schedule &schedule, const Board &board) {
    const Shape shape(conv_of(kernel), schedule.at("vector"));
    const Tiles tiles(shape, schedule);
    const double columns = tiles.columns;
    const int tile_oc = schedule.at("tile_oc");

    const double inputs = loads == InputLoads::lanes ? columns / shape.vector : columns;
    const double step = step_cycles(board, shape.vector, columns * tile_oc, inputs + tile_oc,
                                    schedule.at("unroll_ic"));
    const double loops =
        (double)shape.steps / run_of(shape) * 2 + shape.steps / schedule.at("unroll_ic") * 0.25;
    const int subs = shape.vector / shape.kernel.output.layout.block;
    const double ends = 12 + columns * tile_oc * ((shape.kernel.residual ? 3 : 2) + 4 * (subs - 1));
    double compute = tiles.all * (step * shape.steps + loops + ends);
    if (schedule.at("tile_ic") > 0) compute += tiles.all / tiles.part * (8 + columns * tile_oc * 2);
    if (lacks_reach(shape.kernel)) {
        const int tile_oh = schedule.at("tile_oh");
        const double rows = (double)ceil_div(shape.p.oh, tile_oh) * shape.p.mb * shape.ic *
                            ((tile_oh - 1) * shape.p.sh + shape.p.kh);
        compute += padding_cycles(schedule.at("rows_outer") ? rows : rows * tiles.oc, shape.p.iw,
                                  shape.vector);
    }
    return overlapped(compute, traffic_cycles(board, traffic(kernel, schedule, board)));
}

const std::vector<int> usual_columns = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 16, 20, 24};

template<InputLoads loads>
std::vector<Schedule> candidates(const Kernel &kernel, const Board &board, Span span) {
    static constexpr const char *name = loads == InputLoads::lanes ? "channel_lanes" : "oc_vectors";
    const int registers = board.vector_registers;
    std::vector<Schedule> list;
    for (int vector : {board.vector_floats, board.vector_floats / 2}) {
        if (!accepts_vector<loads>(kernel, board, vector)) continue;
        const Shape shape(conv_of(kernel), vector);
        const int run = std::gcd(shape.ic, shape.kernel.input.layout.block),
                  blocks = shape.ic / run;
        const std::vector<int> unrolled =
            loads == InputLoads::lanes ? std::vector{run} : divisors(span, run, {run % 2 ? 1 : 2});
        const auto add = [&](Schedule schedule) {
            if (illegal<loads>(kernel, schedule, board).empty())
                list.push_back(std::move(schedule));
        };
        const auto add_tiles = [&](int tile_ow, int tile_oh, int tile_oc, int unroll_ic) {
            std::map<std::string, int> tile = {{"vector", vector},   {"tile_ow", tile_ow},
                                               {"tile_oh", tile_oh}, {"tile_oc", tile_oc},
                                               {"tile_ic", 0},       {"unroll_ic", unroll_ic},
                                               {"rows_outer", 0}};
            add({name, tile});
            tile["rows_outer"] = 1;
            add({name, tile});
            tile["rows_outer"] = 0;
            if (span == Span::usual && blocks < 4) return;
            for (const int tile_ic : divisors(span, blocks, {1, 2, 4, 8})) {
                tile["tile_ic"] = tile_ic;
                for (const int band_oh :
                     divisors(span, shape.p.oh, {tallest_band(shape, tile_oc, tile_oh)})) {
                    tile["band_oh"] = band_oh;
                    add({name, tile});
                }
            }
        };
        for (const int tile_ow : lengths(span, std::min(shape.p.ow, registers), usual_columns)) {
            for (const int tile_oh : lengths(span, shape.p.oh, {1, 2, 3, 4, 7})) {
                for (int tile_oc = 1;
                     tile_oc <= std::min(shape.oc_vectors, span == Span::usual ? 12 : registers);
                     tile_oc++) {
                    if (!tile_fits(loads, board, tile_ow * tile_oh, tile_oc)) break;
                    for (const int unroll_ic : unrolled)
                        add_tiles(tile_ow, tile_oh, tile_oc, unroll_ic);
                }
            }
        }
    }
    return list;
}

template<InputLoads loads>
ScheduledKernel build(const Kernel &kernel, const Schedule &schedule, const Board &) {
    Conv2dStages stages = conv2d(conv_of(kernel), schedule.at("vector"));
    apply(stages, schedule, loads);
    return {stages.output, stages.arguments()};
}

template<InputLoads loads>
constexpr Template make_template(const char *name) {
    return {name,         1,    accepts<loads>, candidates<loads>, illegal<loads>, cycles<loads>,
            build<loads>, true, traffic,        parallel};
}

}  // namespace

const Template oc_vectors = make_template<InputLoads::broadcast>("oc_vectors");
const Template channel_lanes = make_template<InputLoads::lanes>("channel_lanes");

}  // namespace convoy::cpu
