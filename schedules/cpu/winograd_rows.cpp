#include "schedules/cpu/winograd_rows.h"

#include "generators/winograd_rows_conv2d.h"
#include "schedules/cpu/cost.h"

namespace convoy::cpu {

using namespace Halide;

namespace {

// The transformed inputs are inlined: the compiler finds what rows and channels share, and keeps it
// in registers.
void apply(WinogradRowsConv2dStages &s, const Schedule &schedule) {
    const int tile_x = schedule.at("tile_x");
    Var owo("owo"), owi("owi"), oho("oho"), ohi("ohi"), oco("oco"), oci("oci"), task("task");

    s.output.split(s.ow, owo, owi, tile_x * s.m, TailStrategy::GuardWithIf)
        .split(s.oh, oho, ohi, schedule.at("tile_oh"))
        .split(s.oc, oco, oci, schedule.at("tile_oc"));
    if (schedule.at("rows_outer")) {
        s.output.reorder(s.lane, owi, ohi, oci, owo, oco, oho, s.group, s.image)
            .fuse(oho, s.group, task)
            .fuse(task, s.image, task);
    } else {
        s.output.reorder(s.lane, owi, ohi, oci, owo, oho, oco, s.group, s.image)
            .fuse(oco, s.group, task)
            .fuse(task, s.image, task);
    }
    s.output.vectorize(s.lane).unroll(owi).unroll(ohi).unroll(oci).parallel(task);
    s.product.compute_at(s.output, owo)
        .store_in(MemoryType::Stack)
        .bound_extent(s.tile, tile_x)
        .vectorize(s.lane)
        .unroll(s.tile)
        .unroll(s.oh)
        .unroll(s.oc)
        .unroll(s.point);
    std::vector<VarOrRVar> order = {s.lane};
    if (schedule.at("points_outer")) {
        order.insert(order.end(), {s.kh, s.oc, s.tile, s.oh, s.point});
    } else {
        order.insert(order.end(), {s.oc, s.tile, s.point, s.kh, s.oh});
    }
    order.insert(order.end(), {s.ic, s.group, s.image});
    s.product.update()
        .reorder(order)
        .vectorize(s.lane)
        .unroll(s.tile)
        .unroll(s.oh)
        .unroll(s.oc)
        .unroll(s.point)
        .unroll(s.kh);
}

const Conv2dKernel &conv_of(const Kernel &kernel) {
    return std::get<Conv2dKernel>(kernel);
}

bool accepts(const Kernel &kernel, const Board &board) {
    const auto *conv = std::get_if<Conv2dKernel>(&kernel);
    return conv && board.vector_registers >= 32 && winograd_rows_conv2d_accepts(*conv) &&
           conv->input.layout.block <= board.vector_floats;
}

std::string illegal(const Kernel &kernel, const Schedule &schedule, const Board &board) {
    const ConvProblem &p = conv_of(kernel).problem;
    const int m = schedule.at("m"), tile_x = schedule.at("tile_x"),
              tile_oh = schedule.at("tile_oh"), tile_oc = schedule.at("tile_oc");
    if (m != 2 && m != 4) return "m must be 2 or 4";
    const int tiles = (int)ceil_div(p.ow, m);
    if (tile_x < 1 || tile_x > tiles) return "tile_x must be 1.." + std::to_string(tiles);
    if (tile_oh < 1 || tile_oh > p.oh) return "tile_oh must be 1.." + std::to_string(p.oh);
    if (tile_oc < 1 || tile_oc > p.oc_per_group())
        return "tile_oc must be 1.." + std::to_string(p.oc_per_group());
    if ((m + 2) * tile_x * tile_oh * tile_oc >= board.vector_registers) {
        return "the tile exceeds the " + std::to_string(board.vector_registers) +
               " vector registers";
    }
    for (const char *flag : {"points_outer", "rows_outer"}) {
        const int value = schedule.at(flag);
        if (value != 0 && value != 1) return std::string(flag) + " must be 0 or 1";
    }
    if (schedule.at("rows_outer") && p.oh % tile_oh != 0)
        return "tile_oh must divide " + std::to_string(p.oh) + " where rows_outer=1";
    return "";
}

// Vector additions of one transform of m + 2 inputs, and of m + 2 products.
int input_adds(int m) {
    return m == 2 ? 4 : 14;
}
int output_adds(int m) {
    return m == 2 ? 4 : 12;
}

// A schedule's tiles, for the cost of computing and of moving alike.
struct Tiles {
    double lane_groups, oc, all;  // vectors of groups of all images; tiles of channels, of all
    double rows;                  // of the input, that a tile reads

    Tiles(const Conv2dKernel &kernel, const Schedule &schedule) {
        const ConvProblem &p = kernel.problem;
        const int tile_oh = schedule.at("tile_oh");
        lane_groups = (double)ceil_div(p.g, kernel.input.layout.block) * p.mb;
        oc = (double)ceil_div(p.oc_per_group(), schedule.at("tile_oc"));
        all = (double)ceil_div(p.ow, schedule.at("tile_x") * schedule.at("m")) *
              ceil_div(p.oh, tile_oh) * oc * lane_groups;
        // Rows of the tile overlap where they are dense.
        rows = p.sh == 1 && p.dh == 1 ? tile_oh + p.kh - 1 : tile_oh * p.kh;
    }
};

Traffic traffic(const Kernel &kernel, const Schedule &schedule, const Board &board) {
    const ConvProblem &p = conv_of(kernel).problem;
    const int lanes = conv_of(kernel).input.layout.block, m = schedule.at("m");
    const int ic = p.ic_per_group(), oc = p.oc_per_group();
    const Tiles tiles(conv_of(kernel), schedule);
    const double tile_weights = 4.0 * lanes * (m + 2) * p.kh * ic * schedule.at("tile_oc");
    const double all_weights = tile_weights * tiles.oc * ceil_div(p.g, lanes);
    const double again = tiles.all * tile_weights - all_weights;
    const double tile_input = 4.0 * lanes * ic * (schedule.at("tile_x") * m + 2) * tiles.rows;
    const double group_input = 4.0 * lanes * ic * p.ih * p.iw;
    const double all_input = group_input * tiles.lane_groups;
    const double all_output = 4.0 * lanes * oc * p.oh * p.ow * tiles.lane_groups;
    Traffic t{{weights_stream(all_weights)}};
    if (schedule.at("rows_outer")) {
        t.streams.push_back({"weights", again, tile_weights * tiles.oc + tile_input});
    } else {
        // Rows that tiles share are read again unless the first level holds all columns of them.
        const double band = 4.0 * lanes * ic * p.iw * tiles.rows;
        const double shared = band <= usable_share * board.l1d_bytes
                                  ? 1
                                  : tiles.rows / (schedule.at("tile_oh") * p.sh);
        t.streams.push_back({"weights", again, tile_weights + tile_input});
        t.streams.push_back({"input", all_input * (tiles.oc * shared - 1), group_input});
    }
    t.streams.push_back(once("input, output", all_input + all_output, all_input + all_output));
    if (conv_of(kernel).residual)
        t.streams.push_back(untimed("residual", *conv_of(kernel).residual));
    return t;
}

ParallelLoops parallel(const Kernel &kernel, const Schedule &schedule, const Board &) {
    const Tiles tiles(conv_of(kernel), schedule);
    const int oh = conv_of(kernel).problem.oh;
    return {.tasks = tiles.lane_groups * (schedule.at("rows_outer")
                                              ? (double)ceil_div(oh, schedule.at("tile_oh"))
                                              : tiles.oc)};
}

double cycles(const Kernel &kernel, const Schedule &schedule, const Board &board) {
    const ConvProblem &p = conv_of(kernel).problem;
    const int lanes = conv_of(kernel).input.layout.block, m = schedule.at("m"),
              tile_x = schedule.at("tile_x"), tile_oh = schedule.at("tile_oh"),
              tile_oc = schedule.at("tile_oc");
    const int ic = p.ic_per_group();
    const Tiles tiles(conv_of(kernel), schedule);
    const double rows = tiles.rows;
    const double products = (m + 2.0) * tile_x * tile_oh * tile_oc;
    // One input channel's weights stay in registers where these suffice; inputs beyond what the
    // registers hold beside the products are loaded again for each point.
    const double weights = (m + 2.0) * tile_oc * p.kh;
    const bool weights_stay = ic == 1 && products + weights + 2 * m <= board.vector_registers;
    const double kept = std::clamp((board.vector_registers - products) / (4 * (m + 2)), 0.25, 1.0);
    const double loads = (weights_stay ? 0 : weights) + rows * (m * tile_x + 2) / kept;
    const double outputs = (double)m * tile_x * tile_oh * tile_oc;
    const double adds =
        ic * rows * tile_x * input_adds(m) + tile_x * tile_oh * tile_oc * output_adds(m) + outputs;
    double tile = ic * step_cycles(board, lanes, products * p.kh, loads);
    if (board.adds_per_cycle > 0) {
        tile = std::max(tile, adds / board.adds_per_cycle);
    } else {
        tile += adds / board.fma_per_cycle;
    }
    tile += ic * 1.5 + 10 + outputs * (conv_of(kernel).residual ? 2 : 1);
    const double tasks = parallel(kernel, schedule, board).tasks;
    double compute = tiles.all * tile + tasks * task_cycles;
    // Columns that are guarded one by one, rows of which the last tile computes some again.
    if (p.ow % (tile_x * m) != 0) compute *= tile_x > 1 ? 1.3 : 1.15;
    if (p.oh % tile_oh != 0) compute *= 1.1;
    return overlapped(compute, traffic_cycles(board, traffic(kernel, schedule, board)));
}

// m = 4 leaves too few registers for the inputs: no kernel of it was faster. Rows that do not
// divide the plane cost up to twice as much where they are the outer loop.
std::vector<Schedule> candidates(const Kernel &kernel, const Board &board, Span span) {
    const ConvProblem &p = conv_of(kernel).problem;
    std::vector<Schedule> list;
    const auto add = [&](std::map<std::string, int> parameters) {
        Schedule schedule{"winograd_rows", std::move(parameters)};
        if (illegal(kernel, schedule, board).empty()) list.push_back(std::move(schedule));
    };
    for (const int tile_x : lengths(span, std::min(p.ow, board.vector_registers), {1, 2, 4})) {
        for (int tile_oh = 1; tile_oh <= std::min(p.oh, 7); tile_oh++) {
            for (int tile_oc = 1; tile_oc <= std::min(p.oc_per_group(), 7); tile_oc++) {
                for (const int rows_outer : {0, 1}) {
                    for (const int m : span == Span::usual ? std::vector{2} : std::vector{2, 4}) {
                        for (const int points_outer : {0, 1}) {
                            if (span == Span::usual && points_outer != (tile_oh > 1)) continue;
                            add({{"m", m},
                                 {"tile_x", tile_x},
                                 {"tile_oh", tile_oh},
                                 {"tile_oc", tile_oc},
                                 {"points_outer", points_outer},
                                 {"rows_outer", rows_outer}});
                        }
                    }
                }
            }
        }
    }
    return list;
}

ScheduledKernel build(const Kernel &kernel, const Schedule &schedule, const Board &) {
    WinogradRowsConv2dStages stages =
        winograd_rows_conv2d(conv_of(kernel), schedule.at("m"), schedule.at("tile_oc"));
    apply(stages, schedule);
    return {stages.output, stages.arguments()};
}

}  // namespace

const Template winograd_rows = {"winograd_rows", 1,       accepts, candidates,
                                illegal,         cycles,  build,   /*is_exact=*/false,
                                traffic,         parallel};

}  // namespace convoy::cpu
