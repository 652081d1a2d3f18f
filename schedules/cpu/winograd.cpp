#include "schedules/cpu/winograd.h"

#include <algorithm>
#include <numeric>

#include "generators/conv2d.h"
#include "generators/winograd_conv2d.h"
#include "generators/winograd_transform.h"
#include "schedules/cpu/cost.h"
#include "schedules/cpu/input_loads.h"
#include "schedules/cpu/interleave.h"
#include "schedules/cpu/pad_rows.h"
#include "schedules/cpu/register_tiles.h"

namespace convoy::cpu {

using namespace Halide;

namespace {

// Rows of outputs of a tile; m are columns.
int m_oh_of(const Schedule &schedule) {
    return schedule.at_or("m_oh", schedule.at("m"));
}

// Images that a task takes together, so that it reads weights once for all: more than one where the
// schedule says so, and then whole planes.
int images_of(const Schedule &schedule) {
    return schedule.at_or("images", 1);
}

// Whether threads share the chunks of output channels, not the bands: planes of one band have no
// others, and each thread then reads weights of its own.
bool shares_channels(const Schedule &schedule) {
    return schedule.at_or("share_oc", 0) != 0;
}

// The rows that a task reads: their columns are brought into blocks so many at a time.
constexpr int columns_gathered = 16;

void gather(WinogradConv2dStages &s, const Var &task) {
    const std::vector<Var> at = s.gathered.args();  // lane, column, row, block, image
    Var column("column");
    s.gathered.compute_at(s.output, task)
        .split(at[1], at[1], column, columns_gathered, TailStrategy::RoundUp)
        .reorder(at[0], column, at[1], at[2], at[3], at[4])
        .vectorize(column)
        .bound_extent(at[0], s.taken.lanes)
        .unroll(at[0]);
    pad_rows(s.padded, s.gathered, at[2], columns_gathered);
    interleave_in_squares(s.output);
}

void apply(WinogradConv2dStages &s, const Schedule &schedule, InputLoads loads) {
    const int images = images_of(schedule);
    Var x("x"), xi("xi"), y("y"), yi("yi"), band("band"), row("row"), oco("oco"), oci("oci"),
        task("task"), imageo("imageo"), imagei("imagei");

    // A band of tile rows, then a chunk of output channels, then its tiles.
    s.output.split(s.ow, x, xi, s.m, TailStrategy::GuardWithIf)
        .split(s.oh, y, yi, s.m_oh, TailStrategy::GuardWithIf)
        .split(y, band, row, schedule.at("band"), TailStrategy::GuardWithIf)
        .split(s.oc, oco, oci, schedule.at("chunk_oc"), TailStrategy::GuardWithIf)
        .split(s.image, imageo, imagei, images, TailStrategy::GuardWithIf)
        .reorder(s.lane, xi, yi, x, row, oci, imagei, oco, band, s.group, imageo)
        .vectorize(s.lane)
        .unroll(xi)
        .unroll(yi)
        .fuse(band, s.group, task)
        .fuse(task, imageo, task)
        .parallel(shares_channels(schedule) ? oco : task);
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
        .bound_extent(s.image, images)
        .reorder(s.lane, s.j, s.i, s.tile_x, s.tile_y, s.ic_block, s.phase, s.image)
        .vectorize(s.lane)
        .unroll(s.j)
        .unroll(s.i);
    if (shares_channels(schedule)) s.input_transform.parallel(s.ic_block);
    s.row_transform.compute_at(s.input_transform, s.tile_x)
        .reorder(s.lane, s.i, s.column)
        .vectorize(s.lane)
        .unroll(s.column)
        .unroll(s.i);

    if (s.gathered.defined()) gather(s, task);

    Func products = s.product.in();
    products.compute_at(s.output, oco)
        .bound_extent(s.tile_x, s.tiles_x)
        .bound_extent(s.tile_y, schedule.at("band"))
        .bound_extent(s.image, images);
    // The points of a tile's row beside each other: transforms write and read all points of a tile,
    // which would lie in as many pages, often in the same places of the first-level cache.
    s.input_transform.reorder_storage(
        {s.lane, s.j, s.tile_x, s.tile_y, s.ic_block, s.phase, s.group, s.image, s.i});
    products.reorder_storage({s.lane, s.j, s.tile_x, s.tile_y, s.oc, s.group, s.image, s.i});
    sum_in_register_tiles(products, s.product,
                          {.lane = s.lane,
                           .x = s.tile_x,
                           .y = s.tile_y,
                           .oc = s.oc,
                           .ic_lane = s.ic_lane,
                           .ic_outer = {s.ic_blocks, s.phases},
                           .planes = {s.image},
                           .products = {s.j, s.i}},
                          schedule);
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
    return allows_loads(loads, conv_of(kernel), board, vector) &&
           winograd_conv2d_accepts(conv_of(kernel), vector);
}

template<InputLoads loads>
bool accepts(const Kernel &kernel, const Board &board) {
    return std::holds_alternative<Conv2dKernel>(kernel) &&
           (accepts_vector<loads>(kernel, board, board.vector_floats) ||
            accepts_vector<loads>(kernel, board, board.vector_floats / 2));
}

// What one task keeps between the transforms and the products; more than this leaves every
// second-level cache.
constexpr int64_t largest_buffers_bytes = 3 << 19;
// Where images are taken together to save reads of weights from memory, the last level will do.
constexpr int64_t largest_batch_bytes = 3 << 21;

// So many give threads enough to do without shares of their channels.
constexpr int fewest_planes = 4;

std::vector<int> sizes_of(const Conv2dKernel &kernel) {
    return winograd_sizes(winograd_taps(kernel.problem.kw, kernel.problem.sw));
}

// Rows and columns of tiles. Oblong ones are for planes with few tiles and many weights: 7 x 7 is 8
// tiles of 2 x 4 with 192 products, 16 of 2 x 2 with 256, 4 of 4 x 4 with 144, but 24, 16 and 36
// points that each have all weights.
std::vector<std::pair<int, int>> tiles_of(const Conv2dKernel &kernel, Span span) {
    std::vector<std::pair<int, int>> list;
    for (const int m_oh : sizes_of(kernel)) {
        for (const int m : sizes_of(kernel)) {
            if (m_oh == m ||
                (kernel.problem.sh == 1 && (span != Span::usual || (m_oh == 2 && m == 4))))
                list.emplace_back(m_oh, m);
        }
    }
    return list;
}

struct Shape {
    const ConvProblem &p;
    int vector, m_oh, m, images;
    int rows, columns, points;  // of a column of a tile, of a row, of a tile
    // Channels and vectors of one group, those of the input of all phases.
    int tiles_x, tiles_y, oc_vectors, ic, ic_blocks;

    Shape(const Conv2dKernel &kernel, const Schedule &schedule)
        : p(kernel.problem),
          vector(schedule.at("vector")),
          m_oh(m_oh_of(schedule)),
          m(schedule.at("m")),
          images(images_of(schedule)) {
        columns = m + winograd_taps(p.kw, p.sw) - 1;
        rows = m_oh + winograd_taps(p.kh, p.sh) - 1;
        points = rows * columns;
        tiles_x = (p.ow + m - 1) / m, tiles_y = (p.oh + m_oh - 1) / m_oh;
        const Conv2dExtents extents = conv2d_extents(kernel, vector);
        input = winograd_input(kernel, vector);
        in_block = input.lanes;
        ic_run = std::gcd(input.channels, in_block);
        ic = input.channels * input.phases, oc_vectors = extents.oc_vectors;
        ic_blocks = input.blocks * input.phases;
    }
    WinogradInput input;
    int in_block, ic_run;

    // Those that are transformed together count once.
    double planes() const { return (double)p.g * p.mb / images; }
    // Of a task.
    double inputs_bytes(int band) const {
        return 4.0 * points * tiles_x * band * images * ic_blocks * in_block;
    }
    double products_bytes(int band, int chunk_oc) const {
        return 4.0 * points * tiles_x * band * images * chunk_oc * vector;
    }
    double plane_bytes() const { return 4.0 * p.ih * p.iw * ic_blocks * in_block / (p.sh * p.sw); }
    // Gathered for a task: rows and, rounded up, columns.
    int rows_gathered(int band) const { return band * m_oh + rows - m_oh; }
    int columns_gathered() const {
        const int each = cpu::columns_gathered;
        return (tiles_x * m + columns - m + each - 1) / each * each;
    }
    double gathered_bytes(int band) const {
        return input.is_gathered
                   ? 4.0 * rows_gathered(band) * columns_gathered() * ic_blocks * in_block * images
                   : 0;
    }
    double weights_bytes() const { return 4.0 * points * ic * oc_vectors * vector; }
};

template<InputLoads loads>
std::string illegal(const Kernel &kernel, const Schedule &schedule, const Board &board) {
    const int vector = schedule.at("vector"), m = schedule.at("m"), m_oh = m_oh_of(schedule);
    if (!accepts_vector<loads>(kernel, board, vector))
        return "the kernel does not allow vector=" + std::to_string(vector);
    for (const int size : {m, m_oh}) {
        if (!std::ranges::count(sizes_of(conv_of(kernel)), size))
            return "tiles of m=" + std::to_string(size) + " have no transform";
    }
    const Shape shape(conv_of(kernel), schedule);
    const int tile_x = schedule.at("tile_x"), tile_y = schedule.at("tile_y"),
              tile_oc = schedule.at("tile_oc"), band = schedule.at("band"),
              chunk_oc = schedule.at("chunk_oc"), unroll_ic = schedule.at("unroll_ic");
    if (tile_x < 1 || tile_x > shape.tiles_x)
        return "tile_x must be 1.." + std::to_string(shape.tiles_x);
    if (band < 1 || shape.tiles_y % band != 0)
        return "band must divide the " + std::to_string(shape.tiles_y) + " rows of tiles";
    if (shares_channels(schedule) &&
        (band != shape.tiles_y || chunk_oc == shape.oc_vectors || shape.planes() > fewest_planes))
        return "share_oc is for few planes, of one band, with several chunks of output channels";
    if (shape.images < 1 || shape.p.mb % shape.images != 0)
        return "images must divide the " + std::to_string(shape.p.mb) + " of the batch";
    if (shape.images > 1 && band != shape.tiles_y)
        return "images are taken together in whole planes only: band must be " +
               std::to_string(shape.tiles_y);
    if (tile_y < 1 || tile_y > band) return "tile_y must be 1.." + std::to_string(band);
    if (chunk_oc < 1 || shape.oc_vectors % chunk_oc != 0)
        return "chunk_oc must divide the " + std::to_string(shape.oc_vectors) + " vectors";
    if (tile_oc < 1 || tile_oc > chunk_oc) return "tile_oc must be 1.." + std::to_string(chunk_oc);
    if (!tile_fits(loads, board, tile_x * tile_y, tile_oc)) {
        return "the tile exceeds the " + std::to_string(board.vector_registers) +
               " vector registers";
    }
    const int run = shape.ic_run;
    if (unroll_ic < 1 || run % unroll_ic != 0)
        return "unroll_ic must divide " + std::to_string(run);
    if (loads == InputLoads::lanes && unroll_ic != run)
        return "unroll_ic must be " + std::to_string(run);
    const int64_t most = shape.images > 1 ? largest_batch_bytes : largest_buffers_bytes;
    if (shape.inputs_bytes(band) + shape.products_bytes(band, chunk_oc) +
            shape.gathered_bytes(band) >
        (double)most)
        return "a band needs more than " + std::to_string(most) + " bytes";
    return "";
}

// Cycles of one transform of a row, of inputs at so many points and of products to m outputs, on
// one vector unit: its additions and multiply-adds, some beside each other; those of 8 points no
// longer fit in registers.
double input_cycles(int points) {
    return points == 4 ? 2.5 : points == 6 ? 7.5 : points == 7 ? 14 : 25;
}
double output_cycles(int points, int m) {
    return (points == 4 ? 1.25 : points == 6 ? 1.75 : points == 7 ? 2.25 : 4) * m;
}

// Of a task: of 16 columns each lane is loaded, at stride 2 from two vectors, and all lanes of each
// column are stored together.
double gather_cycles(const Shape &shape, int band) {
    if (!shape.input.is_gathered) return 0;
    const double lanes = (double)shape.ic_blocks * shape.in_block,
                 vectors = shape.columns_gathered() / (double)shape.vector;
    const int phases = shape.p.sh * shape.p.sw;
    return shape.images * shape.rows_gathered(band) *
           (vectors * lanes * 6 + padding_cycles((double)shape.input.channels / phases * shape.p.sh,
                                                 shape.p.iw, shape.vector));
}

Traffic traffic(const Kernel &kernel, const Schedule &schedule, const Board &) {
    const Shape shape(conv_of(kernel), schedule);
    const ConvProblem &p = shape.p;
    const int band = schedule.at("band"), chunk_oc = schedule.at("chunk_oc");
    const double passes = (double)p.g * p.mb,
                 bands = passes * (shape.tiles_y / band) / shape.images;
    const int chunks = shape.oc_vectors / chunk_oc;
    const double inputs = shape.inputs_bytes(band), products = shape.products_bytes(band, chunk_oc);
    const double weights = shape.weights_bytes();
    const double plane = shape.plane_bytes();
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

ParallelLoops parallel(const Kernel &kernel, const Schedule &schedule, const Board &) {
    const Shape shape(conv_of(kernel), schedule);
    if (shares_channels(schedule))
        return {.tasks = (double)shape.oc_vectors / schedule.at("chunk_oc"),
                .count = shape.planes() * (1 + shape.p.sh * shape.p.sw * shape.images)};
    return {.tasks = shape.tiles_y / schedule.at("band") * shape.planes()};
}

template<InputLoads loads>
double cycles(const Kernel &kernel, const Schedule &schedule, const Board &board) {
    const Shape shape(conv_of(kernel), schedule);
    const ConvProblem &p = shape.p;
    const int m = shape.m, m_oh = shape.m_oh, tile_x = schedule.at("tile_x"),
              tile_y = schedule.at("tile_y"), tile_oc = schedule.at("tile_oc"),
              band = schedule.at("band"), chunk_oc = schedule.at("chunk_oc");
    const double passes = (double)p.g * p.mb,
                 bands = passes * (shape.tiles_y / band) / shape.images;
    const int chunks = shape.oc_vectors / chunk_oc;

    const double accumulators = tile_x * tile_y * tile_oc;
    const double register_tiles = bands * shape.images * chunks * shape.points *
                                  ceil_div(shape.tiles_x, tile_x) * ceil_div(band, tile_y) *
                                  ceil_div(chunk_oc, tile_oc);
    const double inputs_loaded =
        (double)tile_x * tile_y / (loads == InputLoads::lanes ? shape.vector : 1);
    const double step = step_cycles(board, shape.vector, accumulators, inputs_loaded + tile_oc,
                                    schedule.at("unroll_ic"));
    const double loops = 0.5 * shape.ic / schedule.at("unroll_ic") + 1.5 * shape.ic_blocks;
    const double products = register_tiles * (step * shape.ic + loops + 4 + 0.5 * accumulators);

    const double tiles = passes * shape.tiles_x * shape.tiles_y;
    const double rate =
        shape.vector * 2 <= board.vector_floats ? board.narrow_fma_per_cycle : board.fma_per_cycle;
    const int rows = shape.rows, columns = shape.columns;
    const double input_tile =
        columns * input_cycles(rows) + rows * input_cycles(columns) + 1.5 * shape.points;
    const double output_tile = rows * output_cycles(columns, m) + m * output_cycles(rows, m_oh) +
                               0.75 * shape.points + 2 * m * m_oh;
    const double inputs = shape.inputs_bytes(band), sums = shape.products_bytes(band, chunk_oc);
    const auto stream = [&](double bytes, double footprint) {
        return stream_cycles(board, bytes, footprint);
    };
    const double plane = shape.plane_bytes() * passes, weights = shape.weights_bytes();
    // Within a task one phase ends before the next begins: none runs beside another's traffic.
    return bands * gather_cycles(shape, band) +
           overlapped(tiles * shape.ic_blocks * input_tile / rate,
                      stream(plane, 2 * plane) + stream(bands * inputs, inputs + sums)) +
           overlapped(products, stream(weights * p.g, 16 * weights * p.g) +
                                    stream(weights * (bands - p.g), weights + inputs) +
                                    stream(bands * chunks * inputs, inputs + sums) +
                                    stream(bands * chunks * sums, inputs + sums)) +
           overlapped(tiles * shape.oc_vectors * output_tile / rate,
                      stream(bands * chunks * sums, inputs + sums));
}

template<InputLoads loads>
std::vector<Schedule> candidates(const Kernel &kernel, const Board &board, Span span) {
    const int most_columns = span == Span::usual ? 14 : board.vector_registers;
    std::vector<Schedule> list;
    for (int vector : {board.vector_floats, board.vector_floats / 2}) {
        if (!accepts_vector<loads>(kernel, board, vector)) continue;
        for (const auto &[m_oh, m] : tiles_of(conv_of(kernel), span)) {
            Schedule schedule{loads == InputLoads::lanes ? "winograd_lanes" : "winograd",
                              {{"vector", vector}, {"m", m}}};
            auto &at = schedule.parameters;
            if (m_oh != m) at["m_oh"] = m_oh;
            const Shape shape(conv_of(kernel), schedule);
            const std::vector<int> unrolled =
                loads == InputLoads::lanes
                    ? std::vector{shape.ic_run}
                    : divisors(span, shape.ic_run, {shape.ic_run % 2 ? 1 : 2});
            const auto add = [&] {
                for (const int unroll_ic : unrolled) {
                    at["unroll_ic"] = unroll_ic;
                    if (!illegal<loads>(kernel, schedule, board).empty()) continue;
                    list.push_back(schedule);
                    at["share_oc"] = 1;
                    if (illegal<loads>(kernel, schedule, board).empty()) list.push_back(schedule);
                    at.erase("share_oc");
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
                                if (!tile_fits(loads, board, at["tile_x"] * tile_y, tile_oc)) break;
                                add();
                                for (int images = 2; images <= shape.p.mb; images *= 2) {
                                    at["images"] = images;
                                    add();
                                }
                                at.erase("images");
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
        winograd_conv2d(conv_of(kernel), schedule.at("vector"), m_oh_of(schedule), schedule.at("m"),
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
            traffic,        parallel};
}

}  // namespace

const Template winograd = make_template<InputLoads::broadcast>("winograd");
const Template winograd_lanes = make_template<InputLoads::lanes>("winograd_lanes");

}  // namespace convoy::cpu
