#include "schedules/cpu/strassen.h"

#include <algorithm>

#include "generators/conv2d.h"
#include "generators/strassen_conv2d.h"
#include "schedules/cpu/cost.h"
#include "schedules/cpu/register_tiles.h"

namespace convoy::cpu {

using namespace Halide;

namespace {

const Conv2dKernel &conv_of(const Kernel &kernel) {
    return std::get<Conv2dKernel>(kernel);
}

void apply(StrassenConv2dStages &s, const Schedule &schedule) {
    const int band_rows = schedule.at("band"), parts = strassen_parts(schedule.at("levels"));
    Var xi("xi"), yi("yi"), x("x"), y("y"), band("band"), row("row"), local("local"), part("part"),
        oco("oco"), oci("oci"), task("task");

    // A band of rows of a part, then a chunk of output channels, then the result's blocks.
    s.output.split(s.ow, x, xi, s.columns, TailStrategy::GuardWithIf)
        .split(s.oh, y, yi, s.rows, TailStrategy::GuardWithIf)
        .split(y, band, row, band_rows, TailStrategy::GuardWithIf)
        .split(s.oc, local, part, parts)
        .split(local, oco, oci, schedule.at("chunk_oc"), TailStrategy::GuardWithIf)
        .reorder(s.lane, s.sub, xi, yi, part, x, row, oci, oco, band, s.group, s.image)
        .vectorize(s.lane)
        .unroll(s.sub)
        .unroll(xi)
        .unroll(yi)
        .unroll(part)
        .fuse(band, s.group, task)
        .fuse(task, s.image, task)
        .parallel(task);
    // Extents are constant, though bounds of a last, partial band do not show it.
    s.result.compute_at(s.output, x)
        .store_in(MemoryType::Stack)
        .bound_extent(s.lane, schedule.at("vector"))
        .bound_extent(s.x, 1)
        .bound_extent(s.y, 1)
        .reorder(s.lane, s.number)
        .vectorize(s.lane)
        .unroll(s.number);
    s.input_sums.compute_at(s.output, task)
        .bound_extent(s.x, s.columns_each)
        .bound_extent(s.y, band_rows)
        .reorder(s.lane, s.number, s.x, s.y, s.ic_block)
        .reorder_storage(s.lane, s.x, s.number, s.y, s.ic_block, s.group, s.image)
        .vectorize(s.lane)
        .unroll(s.number);

    Func products = s.product.in();
    products.compute_at(s.output, oco)
        .bound_extent(s.x, s.columns_each)
        .bound_extent(s.y, band_rows)
        .reorder_storage(s.lane, s.x, s.number, s.y, s.oc, s.group, s.image);
    sum_in_register_tiles(products, s.product,
                          {.lane = s.lane,
                           .x = s.x,
                           .y = s.y,
                           .oc = s.oc,
                           .ic_lane = s.ic_lane,
                           .ic_outer = {s.ic_blocks},
                           .planes = {},
                           .products = {s.number}},
                          schedule);
}

bool accepts_point(const Kernel &kernel, const Board &board, int vector, int levels) {
    return (vector == board.vector_floats ||
            (vector * 2 == board.vector_floats && board.vector_floats >= 16)) &&
           strassen_conv2d_accepts(conv_of(kernel), vector, levels);
}

bool accepts(const Kernel &kernel, const Board &board) {
    return std::holds_alternative<Conv2dKernel>(kernel) &&
           (accepts_point(kernel, board, board.vector_floats, 1) ||
            accepts_point(kernel, board, board.vector_floats / 2, 1));
}

// What one task keeps between the sums and the products; more than this leaves every second-level
// cache.
constexpr int64_t largest_buffers_bytes = 3 << 20;

struct Shape {
    const ConvProblem &p;
    int vector, products, parts, band, chunk_oc;
    int columns_each, rows_each;   // of a part
    int ic, ic_block, oc_vectors;  // of one group and part

    Shape(const Conv2dKernel &kernel, const Schedule &schedule)
        : p(kernel.problem), vector(schedule.at("vector")) {
        const int levels = schedule.at("levels");
        products = strassen_products(levels), parts = strassen_parts(levels);
        band = schedule.at("band"), chunk_oc = schedule.at("chunk_oc");
        columns_each = (int)ceil_div(p.ow, strassen_columns(levels));
        rows_each = (int)ceil_div(p.oh, strassen_rows(levels));
        const Conv2dExtents extents = conv2d_extents(kernel, vector);
        ic = extents.ic / parts, oc_vectors = extents.oc_vectors / parts;
        ic_block = kernel.input.layout.block;
    }

    double planes() const { return (double)p.g * p.mb; }
    double tasks() const { return planes() * ((double)rows_each / band); }
    int chunks() const { return oc_vectors / chunk_oc; }
    double task_pixels() const { return (double)band * columns_each; }
    // Of a task.
    double sums_bytes() const { return 4.0 * products * task_pixels() * ic; }
    double products_bytes() const { return 4.0 * products * task_pixels() * chunk_oc * vector; }
    // Of a group.
    double weights_bytes() const { return 4.0 * products * ic * oc_vectors * vector; }
    double input_bytes() const { return 4.0 * p.oh * p.ow * ic * parts; }
};

std::string illegal(const Kernel &kernel, const Schedule &schedule, const Board &board) {
    const int vector = schedule.at("vector"), levels = schedule.at("levels");
    if (levels < 1 || levels > most_strassen_levels)
        return "levels must be 1.." + std::to_string(most_strassen_levels);
    if (!accepts_point(kernel, board, vector, levels))
        return "the kernel does not allow vector=" + std::to_string(vector) + " in " +
               std::to_string(strassen_parts(levels)) + " parts";
    const Shape shape(conv_of(kernel), schedule);
    const int tile_x = schedule.at("tile_x"), tile_y = schedule.at("tile_y"),
              tile_oc = schedule.at("tile_oc"), unroll_ic = schedule.at("unroll_ic");
    if (tile_x < 1 || tile_x > shape.columns_each)
        return "tile_x must be 1.." + std::to_string(shape.columns_each);
    if (shape.band < 1 || shape.rows_each % shape.band != 0)
        return "band must divide the " + std::to_string(shape.rows_each) + " rows of a part";
    if (tile_y < 1 || tile_y > shape.band) return "tile_y must be 1.." + std::to_string(shape.band);
    if (shape.chunk_oc < 1 || shape.oc_vectors % shape.chunk_oc != 0)
        return "chunk_oc must divide the " + std::to_string(shape.oc_vectors) +
               " vectors of a part";
    if (tile_oc < 1 || tile_oc > shape.chunk_oc)
        return "tile_oc must be 1.." + std::to_string(shape.chunk_oc);
    if (!tile_fits(board, tile_x * tile_y * tile_oc, std::min(tile_oc, tile_x * tile_y))) {
        return "the tile exceeds the " + std::to_string(board.vector_registers) +
               " vector registers";
    }
    if (unroll_ic < 1 || shape.ic_block % unroll_ic != 0)
        return "unroll_ic must divide " + std::to_string(shape.ic_block);
    if (shape.sums_bytes() + shape.products_bytes() > (double)largest_buffers_bytes)
        return "a band needs more than " + std::to_string(largest_buffers_bytes) + " bytes";
    return "";
}

Traffic traffic(const Kernel &kernel, const Schedule &schedule, const Board &) {
    const Shape shape(conv_of(kernel), schedule);
    const double sums = shape.sums_bytes(), products = shape.products_bytes(),
                 weights = shape.weights_bytes(), tasks = shape.tasks(),
                 input = shape.input_bytes() * shape.planes();
    Traffic t{{weights_stream(weights * shape.p.g),
               {"weights", weights * (tasks - shape.p.g), weights + sums},
               {"summed input", tasks * sums * (1 + shape.chunks()), sums + products},
               {"products", tasks * shape.chunks() * 2 * products, sums + products},
               once("input", input, 2 * input),
               untimed("output", conv_of(kernel).output)}};
    if (conv_of(kernel).residual)
        t.streams.push_back(untimed("residual", *conv_of(kernel).residual));
    return t;
}

ParallelLoops parallel(const Kernel &kernel, const Schedule &schedule, const Board &) {
    return {.tasks = Shape(conv_of(kernel), schedule).tasks()};
}

double cycles(const Kernel &kernel, const Schedule &schedule, const Board &board) {
    const Shape shape(conv_of(kernel), schedule);
    const int levels = schedule.at("levels"), tile_x = schedule.at("tile_x"),
              tile_y = schedule.at("tile_y"), tile_oc = schedule.at("tile_oc");
    const double tasks = shape.tasks(), chunks = shape.chunks();

    const double accumulators = tile_x * tile_y * tile_oc;
    const double register_tiles = tasks * chunks * shape.products *
                                  ceil_div(shape.columns_each, tile_x) *
                                  ceil_div(shape.band, tile_y) * ceil_div(shape.chunk_oc, tile_oc);
    const double step = step_cycles(board, shape.vector, accumulators,
                                    (double)tile_x * tile_y + tile_oc, schedule.at("unroll_ic"));
    const double loops =
        0.5 * shape.ic / schedule.at("unroll_ic") + 1.5 * shape.ic / shape.ic_block;
    const double products = register_tiles * (step * shape.ic + loops + 4 + 0.5 * accumulators);

    // Of four blocks with every sum, and of seven products with every result: additions, loads
    // and stores of a level, each level's times the factors of those before it.
    double sum = 0, result = 0;
    for (int level = 0, before = 1, after = shape.parts * shape.parts / 4; level < levels;
         level++, before *= 7, after /= 4) {
        sum += 5.0 * before * after;
        result += 8.0 * before * after;
    }
    const double moved = 1.5 * shape.products + shape.parts * shape.parts;
    const double rate =
        shape.vector * 2 <= board.vector_floats ? board.narrow_fma_per_cycle : board.fma_per_cycle;
    const double places = tasks * shape.task_pixels();
    const double sums = shape.sums_bytes(), kept = shape.products_bytes(),
                 weights = shape.weights_bytes(), planes = shape.planes();
    const auto stream = [&](double bytes, double footprint) {
        return stream_cycles(board, bytes, footprint);
    };
    const double input = shape.input_bytes() * planes;
    // A line is fetched before it is written and leaves again, and the many rows written at once
    // wait for both.
    constexpr double to_write = 4;
    // Within a task one phase ends before the next begins: none runs beside another's traffic.
    return overlapped(places * shape.ic / shape.ic_block * (sum + moved) / rate,
                      stream(input, 2 * input) + stream(to_write * tasks * sums, sums + kept)) +
           overlapped(products, stream(weights * shape.p.g, 16 * weights * shape.p.g) +
                                    stream(weights * (tasks - shape.p.g), weights + sums) +
                                    stream(tasks * chunks * sums, sums + kept) +
                                    stream(to_write * tasks * chunks * kept, sums + kept)) +
           overlapped(places * shape.oc_vectors * (result + moved) / rate,
                      stream(tasks * chunks * kept, sums + kept));
}

std::vector<Schedule> candidates(const Kernel &kernel, const Board &board, Span span) {
    const int most_columns = span == Span::usual ? 14 : board.vector_registers;
    std::vector<Schedule> list;
    for (const int vector : {board.vector_floats, board.vector_floats / 2}) {
        for (int levels = 1; levels <= most_strassen_levels; levels++) {
            if (!accepts_point(kernel, board, vector, levels)) continue;
            Schedule schedule{
                "strassen", {{"vector", vector}, {"levels", levels}, {"band", 1}, {"chunk_oc", 1}}};
            auto &at = schedule.parameters;
            const Shape shape(conv_of(kernel), schedule);
            for (int band = 1; band <= shape.rows_each; band++) {
                for (int chunk_oc = 1; chunk_oc <= shape.oc_vectors; chunk_oc++) {
                    at["band"] = band, at["chunk_oc"] = chunk_oc;
                    if (shape.rows_each % band != 0 || shape.oc_vectors % chunk_oc != 0) continue;
                    for (int tile_x = 1; tile_x <= std::min(shape.columns_each, most_columns);
                         tile_x++) {
                        for (const int tile_y : lengths(span, band, {1, 2, 4})) {
                            for (const int tile_oc : lengths(span, chunk_oc, {1, 2, 3, 4})) {
                                for (const int unroll_ic : divisors(span, shape.ic_block, {2})) {
                                    at["tile_x"] = tile_x, at["tile_y"] = tile_y;
                                    at["tile_oc"] = tile_oc, at["unroll_ic"] = unroll_ic;
                                    if (illegal(kernel, schedule, board).empty())
                                        list.push_back(schedule);
                                }
                            }
                        }
                    }
                }
            }
        }
    }
    return list;
}

ScheduledKernel build(const Kernel &kernel, const Schedule &schedule, const Board &) {
    StrassenConv2dStages stages =
        strassen_conv2d(conv_of(kernel), schedule.at("vector"), schedule.at("levels"),
                        schedule.at("tile_oc"), schedule.at("chunk_oc"));
    apply(stages, schedule);
    return {stages.output, stages.arguments()};
}

}  // namespace

const Template strassen = {"strassen",         1,       accepts, candidates, illegal, cycles, build,
                           /*is_exact=*/false, traffic, parallel};

}  // namespace convoy::cpu
