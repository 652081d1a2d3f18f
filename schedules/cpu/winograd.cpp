#include "schedules/cpu/winograd.h"

#include <numeric>

#include "generators/conv2d.h"
#include "generators/winograd_conv2d.h"
#include "schedules/cpu/cost.h"

namespace convoy::cpu {

using namespace Halide;

namespace {

// How products get the transformed input: as oc_vectors.cpp has it.
enum class InputLoads { broadcast, lanes };

void apply(WinogradConv2dStages &s, const Schedule &schedule, InputLoads loads) {
    const int tile_x = schedule.at("tile_x"), tile_y = schedule.at("tile_y"),
              tile_oc = schedule.at("tile_oc");
    Var x("x"), xi("xi"), y("y"), yi("yi"), band("band"), row("row"), oco("oco"), oci("oci"),
        task("task");

    // A band of tile rows, then a chunk of output channels, then its tiles.
    s.output.split(s.ow, x, xi, s.m, TailStrategy::GuardWithIf)
        .split(s.oh, y, yi, s.m, TailStrategy::GuardWithIf)
        .split(y, band, row, schedule.at("band"), TailStrategy::GuardWithIf)
        .split(s.oc, oco, oci, schedule.at("chunk_oc"), TailStrategy::GuardWithIf)
        .reorder(s.lane, xi, yi, x, row, oci, oco, band, s.group, s.image)
        .vectorize(s.lane)
        .unroll(xi)
        .unroll(yi)
        .fuse(band, s.group, task)
        .fuse(task, s.image, task)
        .parallel(task);
    // Extents are constant, though bounds of a last, partial tile do not show it.
    s.column_result.compute_at(s.output, x)
        .store_in(MemoryType::Stack)
        .bound_extent(s.tile_x, 1)
        .bound_extent(s.tile_y, 1)
        .reorder(s.lane, s.column, s.i)
        .vectorize(s.lane)
        .unroll(s.column)
        .unroll(s.i);
    s.input_transform.compute_at(s.output, task)
        .bound_extent(s.tile_x, s.tiles_x)
        .bound_extent(s.tile_y, schedule.at("band"))
        .reorder(s.lane, s.j, s.i, s.tile_x, s.tile_y, s.ic_block)
        .vectorize(s.lane)
        .unroll(s.j)
        .unroll(s.i);
    s.row_transform.compute_at(s.input_transform, s.tile_x)
        .reorder(s.lane, s.i, s.column)
        .vectorize(s.lane)
        .unroll(s.column)
        .unroll(s.i);

    Var xo("xo"), xt("xt"), yo("yo"), yt("yt"), oo("oo"), ot("ot");
    Func products = s.product.in();
    products.compute_at(s.output, oco)
        .bound_extent(s.tile_x, s.tiles_x)
        .bound_extent(s.tile_y, schedule.at("band"))
        .split(s.tile_x, xo, xt, tile_x, TailStrategy::ShiftInwards)
        .split(s.tile_y, yo, yt, tile_y, TailStrategy::ShiftInwards)
        .split(s.oc, oo, ot, tile_oc, TailStrategy::ShiftInwards)
        .reorder(s.lane, xt, yt, ot, xo, yo, oo, s.j, s.i)
        .vectorize(s.lane)
        .unroll(xt)
        .unroll(yt)
        .unroll(ot);
    s.product.compute_at(products, xo)
        .store_in(MemoryType::Stack)
        .vectorize(s.lane)
        .unroll(s.tile_x)
        .unroll(s.tile_y)
        .unroll(s.oc);
    std::vector<VarOrRVar> order = {s.lane};
    if (tile_oc <= tile_x * tile_y) {
        order.insert(order.end(), {s.oc, s.tile_x, s.tile_y});
    } else {
        order.insert(order.end(), {s.tile_x, s.tile_y, s.oc});
    }
    order.insert(order.end(), {s.ic_lane, s.ic_blocks, s.j, s.i});
    s.product.update().reorder(order).vectorize(s.lane).unroll(s.tile_x).unroll(s.tile_y).unroll(
        s.oc);
    if (schedule.at("unroll_ic") > 1)
        s.product.update().unroll(s.ic_lane, schedule.at("unroll_ic"));
    if (loads == InputLoads::broadcast) return;
    s.input_transform.in(s.product)
        .compute_at(s.product, s.ic_blocks)
        .store_in(MemoryType::Stack)
        .vectorize(s.lane)
        .unroll(s.tile_x)
        .unroll(s.tile_y);
}

const Conv2dKernel &conv_of(const Kernel &kernel) {
    return std::get<Conv2dKernel>(kernel);
}

template<InputLoads loads>
bool accepts_vector(const Kernel &kernel, const Board &board, int vector) {
    if constexpr (loads == InputLoads::lanes) {
        const Conv2dKernel &conv = conv_of(kernel);
        const int block = conv.input.layout.block;
        if (vector != board.vector_floats || block != vector ||
            conv2d_extents(conv, vector).ic % block != 0)
            return false;
    } else if (!takes_memory_operands(board) &&
               accepts_vector<InputLoads::lanes>(kernel, board, vector)) {
        return false;  // lanes need fewer registers and fewer loads
    }
    return (vector == board.vector_floats ||
            (vector * 2 == board.vector_floats && board.vector_floats >= 16)) &&
           winograd_conv2d_accepts(conv_of(kernel), vector);
}

template<InputLoads loads>
bool accepts(const Kernel &kernel, const Board &board) {
    return std::holds_alternative<Conv2dKernel>(kernel) &&
           (accepts_vector<loads>(kernel, board, board.vector_floats) ||
            accepts_vector<loads>(kernel, board, board.vector_floats / 2));
}

template<InputLoads loads>
bool fits(const Board &board, int columns, int tile_oc) {
    const int streamed = std::min(tile_oc, columns);
    if (loads == InputLoads::lanes)
        return columns * tile_oc + columns + streamed < board.vector_registers;
    return tile_fits(board, columns * tile_oc, streamed);
}

// What one task keeps between the transforms and the products; more than this leaves every
// second-level cache.
constexpr int64_t largest_buffers_bytes = 3 << 19;

struct Shape {
    const ConvProblem &p;
    int vector, m;
    int points, tiles_x, tiles_y, oc_vectors, ic, ic_blocks;  // channels and vectors of one group

    Shape(const Conv2dKernel &kernel, const Schedule &schedule)
        : p(kernel.problem), vector(schedule.at("vector")), m(schedule.at("m")) {
        points = (m + 2) * (m + 2);
        tiles_x = (p.ow + m - 1) / m, tiles_y = (p.oh + m - 1) / m;
        const Conv2dExtents extents = conv2d_extents(kernel, vector);
        ic = extents.ic, oc_vectors = extents.oc_vectors;
        in_block = kernel.input.layout.block;
        ic_blocks = (int)ceil_div(ic, in_block);
    }
    int in_block;

    double inputs_bytes(int band) const {
        return 4.0 * points * tiles_x * band * ic_blocks * in_block;
    }
    double products_bytes(int band, int chunk_oc) const {
        return 4.0 * points * tiles_x * band * chunk_oc * vector;
    }
    double weights_bytes() const { return 4.0 * points * ic * oc_vectors * vector; }
};

template<InputLoads loads>
std::string illegal(const Kernel &kernel, const Schedule &schedule, const Board &board) {
    const int vector = schedule.at("vector"), m = schedule.at("m");
    if (!accepts_vector<loads>(kernel, board, vector))
        return "the kernel does not allow vector=" + std::to_string(vector);
    if (m != 2 && m != 4 && m != 6) return "m must be 2, 4 or 6";
    const Shape shape(conv_of(kernel), schedule);
    const int tile_x = schedule.at("tile_x"), tile_y = schedule.at("tile_y"),
              tile_oc = schedule.at("tile_oc"), band = schedule.at("band"),
              chunk_oc = schedule.at("chunk_oc"), unroll_ic = schedule.at("unroll_ic");
    if (tile_x < 1 || tile_x > shape.tiles_x)
        return "tile_x must be 1.." + std::to_string(shape.tiles_x);
    if (band < 1 || shape.tiles_y % band != 0)
        return "band must divide the " + std::to_string(shape.tiles_y) + " rows of tiles";
    if (tile_y < 1 || tile_y > band) return "tile_y must be 1.." + std::to_string(band);
    if (chunk_oc < 1 || shape.oc_vectors % chunk_oc != 0)
        return "chunk_oc must divide the " + std::to_string(shape.oc_vectors) + " vectors";
    if (tile_oc < 1 || tile_oc > chunk_oc) return "tile_oc must be 1.." + std::to_string(chunk_oc);
    if (!fits<loads>(board, tile_x * tile_y, tile_oc)) {
        return "the tile exceeds the " + std::to_string(board.vector_registers) +
               " vector registers";
    }
    const int run = std::gcd(shape.ic, shape.in_block);
    if (unroll_ic < 1 || run % unroll_ic != 0)
        return "unroll_ic must divide " + std::to_string(run);
    if (loads == InputLoads::lanes && unroll_ic != run)
        return "unroll_ic must be " + std::to_string(run);
    if (shape.inputs_bytes(band) + shape.products_bytes(band, chunk_oc) > largest_buffers_bytes)
        return "a band needs more than " + std::to_string(largest_buffers_bytes) + " bytes";
    return "";
}

// Cycles of one transform of a row, of m + 2 inputs and of m + 2 products, on one vector unit: its
// additions and multiply-adds, some beside each other; at m = 6 the rows no longer fit in
// registers.
double input_cycles(int m) {
    return m == 2 ? 2.5 : m == 4 ? 7.5 : 25;
}
double output_cycles(int m) {
    return m == 2 ? 2.5 : m == 4 ? 7 : 24;
}

Traffic traffic(const Kernel &kernel, const Schedule &schedule, const Board &) {
    const Shape shape(conv_of(kernel), schedule);
    const ConvProblem &p = shape.p;
    const int band = schedule.at("band"), chunk_oc = schedule.at("chunk_oc");
    const double passes = (double)p.g * p.mb, bands = passes * (shape.tiles_y / band);
    const int chunks = shape.oc_vectors / chunk_oc;
    const double inputs = shape.inputs_bytes(band), products = shape.products_bytes(band, chunk_oc);
    const double weights = shape.weights_bytes();
    const double plane = 4.0 * p.ih * p.iw * shape.ic_blocks * shape.in_block;
    Traffic t{{weights_stream(weights * p.g),
               {"weights", weights * (bands - p.g), weights + inputs},
               {"transformed input", bands * inputs * (1 + chunks), inputs + products},
               {"products", bands * chunks * 2 * products, inputs + products},
               once("input", plane * passes, 2 * plane * passes),
               untimed("output", conv_of(kernel).output)}};
    if (conv_of(kernel).residual)
        t.streams.push_back(untimed("residual", *conv_of(kernel).residual));
    return t;
}

template<InputLoads loads>
double cycles(const Kernel &kernel, const Schedule &schedule, const Board &board) {
    const Shape shape(conv_of(kernel), schedule);
    const ConvProblem &p = shape.p;
    const int m = shape.m, tile_x = schedule.at("tile_x"), tile_y = schedule.at("tile_y"),
              tile_oc = schedule.at("tile_oc"), band = schedule.at("band"),
              chunk_oc = schedule.at("chunk_oc");
    const double passes = (double)p.g * p.mb, bands = passes * (shape.tiles_y / band);
    const int chunks = shape.oc_vectors / chunk_oc;

    const double accumulators = tile_x * tile_y * tile_oc;
    const double register_tiles = bands * chunks * shape.points * ceil_div(shape.tiles_x, tile_x) *
                                  ceil_div(band, tile_y) * ceil_div(chunk_oc, tile_oc);
    const double inputs_loaded =
        (double)tile_x * tile_y / (loads == InputLoads::lanes ? shape.vector : 1);
    const double step = step_cycles(board, shape.vector, accumulators, inputs_loaded + tile_oc,
                                    schedule.at("unroll_ic"));
    const double loops = 0.5 * shape.ic / schedule.at("unroll_ic") + 1.5 * shape.ic_blocks;
    double compute = register_tiles * (step * shape.ic + loops + 4 + 0.5 * accumulators);

    const double tiles = passes * shape.tiles_x * shape.tiles_y;
    const double rate =
        shape.vector * 2 <= board.vector_floats ? board.narrow_fma_per_cycle : board.fma_per_cycle;
    const double input_row = 2 * (m + 2) * input_cycles(m) + 1.5 * shape.points;
    const double output_row = (2 * m + 2) * output_cycles(m) + 0.75 * shape.points + 2 * m * m;
    compute += tiles * (shape.ic_blocks * input_row + shape.oc_vectors * output_row) / rate;
    return overlapped(compute, traffic_cycles(board, traffic(kernel, schedule, board)));
}

template<InputLoads loads>
std::vector<Schedule> candidates(const Kernel &kernel, const Board &board, Span span) {
    const int most_columns = span == Span::usual ? 14 : board.vector_registers;
    std::vector<Schedule> list;
    for (int vector : {board.vector_floats, board.vector_floats / 2}) {
        if (!accepts_vector<loads>(kernel, board, vector)) continue;
        for (const int m : {2, 4, 6}) {
            Schedule schedule{loads == InputLoads::lanes ? "winograd_lanes" : "winograd",
                              {{"vector", vector}, {"m", m}}};
            auto &at = schedule.parameters;
            const Shape shape(conv_of(kernel), schedule);
            const int run = std::gcd(shape.ic, shape.in_block);
            const std::vector<int> unrolled = loads == InputLoads::lanes
                                                  ? std::vector{run}
                                                  : divisors(span, run, {run % 2 ? 1 : 2});
            const auto add = [&] {
                for (const int unroll_ic : unrolled) {
                    at["unroll_ic"] = unroll_ic;
                    if (illegal<loads>(kernel, schedule, board).empty()) list.push_back(schedule);
                }
            };
            for (int band = 1; band <= shape.tiles_y; band++) {
                for (int chunk_oc = 1; chunk_oc <= shape.oc_vectors; chunk_oc++) {
                    at["band"] = band, at["chunk_oc"] = chunk_oc;
                    if (shape.tiles_y % band != 0 || shape.oc_vectors % chunk_oc != 0) continue;
                    for (at["tile_x"] = 1; at["tile_x"] <= std::min(shape.tiles_x, most_columns);
                         at["tile_x"]++) {
                        for (const int tile_y : lengths(span, band, {1, 2, 4})) {
                            for (const int tile_oc : lengths(span, chunk_oc, {1, 2, 3, 4})) {
                                at["tile_y"] = tile_y, at["tile_oc"] = tile_oc;
                                if (!fits<loads>(board, at["tile_x"] * tile_y, tile_oc)) break;
                                add();
                            }
                        }
                    }
                }
            }
        }
    }
    return list;
}

template<InputLoads loads>
ScheduledKernel build(const Kernel &kernel, const Schedule &schedule, const Board &) {
    WinogradConv2dStages stages =
        winograd_conv2d(conv_of(kernel), schedule.at("vector"), schedule.at("m"),
                        schedule.at("tile_oc"), schedule.at("chunk_oc"));
    apply(stages, schedule, loads);
    return {stages.output, stages.arguments()};
}

template<InputLoads loads>
constexpr Template make_template(const char *name) {
    return {name,           2,
            accepts<loads>, candidates<loads>,
            illegal<loads>, cycles<loads>,
            build<loads>,   /*is_exact=*/false,
            traffic};
}

}  // namespace

const Template winograd = make_template<InputLoads::broadcast>("winograd");
const Template winograd_lanes = make_template<InputLoads::lanes>("winograd_lanes");

}  // namespace convoy::cpu
