#include "schedules/cpu/gspc.h"

#include "generators/gspc_conv2d.h"
#include "schedules/cpu/cost.h"

namespace convoy::cpu {

using namespace Halide;

namespace {

const Conv2dKernel &conv_of(const Kernel &kernel) {
    return std::get<Conv2dKernel>(kernel);
}

int read_columns(const ConvProblem &p) {
    return (p.ow - 1) * p.sw + (p.kw - 1) * p.dw + 1;
}

int read_rows(const ConvProblem &p) {
    return (p.oh - 1) * p.sh + (p.kh - 1) * p.dh + 1;
}

// Columns that are packed or unpacked at a time: a power of two that the row holds.
int columns_of_vector(int row, int vector) {
    int columns = 1;
    while (columns * 2 <= std::min(row, vector)) columns *= 2;
    return columns;
}

// Section III.C of the paper: T_O innermost and vectorised, a tile of columns in registers, the
// reduction over (T_I, kw, kh, blocks of T_I); kw outside T_I or, unrolled, inside.
void apply(GspcConv2dStages &s, const Schedule &schedule, const ConvProblem &p) {
    const bool unroll_kw = schedule.at("unroll_kw") != 0;
    const int packed_columns = columns_of_vector(read_columns(p), schedule.at("vector")),
              output_columns = columns_of_vector(p.ow, schedule.at("vector"));
    Var owo("owo"), owi("owi"), iwo("iwo"), iwi("iwi"), task("task");

    s.output.reorder(s.ow, s.oc_lane, s.oh, s.oc_block, s.image, s.group);
    s.packed_input.reorder(s.iw, s.ic_lane, s.ih, s.ic_block, s.image, s.group);
    s.packed_output.split(s.ow, owo, owi, schedule.at("tile_ow"))
        .reorder(s.oc_lane, owi, owo, s.oh, s.oc_block, s.image, s.group)
        .vectorize(s.oc_lane)
        .unroll(owi);
    if (output_columns > 1) s.output.split(s.ow, owo, owi, output_columns).vectorize(owi);
    if (packed_columns > 1) s.packed_input.split(s.iw, iwo, iwi, packed_columns).vectorize(iwi);

    // The groups, which depend on nothing of each other, are the tasks (section III.A).
    if (schedule.at("at_group")) {
        s.output.parallel(s.group);
        s.packed_output.compute_at(s.output, s.group);
        s.packed_input.compute_at(s.output, s.group);
    } else {
        s.output.parallel(s.group);
        s.packed_output.compute_root().parallel(s.group);
        s.packed_input.compute_root().parallel(s.group);
    }
    s.accumulator.compute_at(s.packed_output, owo)
        .store_in(MemoryType::Stack)
        .vectorize(s.oc_lane)
        .unroll(s.ow);
    std::vector<VarOrRVar> order = {s.oc_lane, s.ow};
    if (unroll_kw) {
        order.insert(order.end(), {s.tap_kw, s.tap_ic});
    } else {
        order.insert(order.end(), {s.tap_ic, s.tap_kw});
    }
    order.insert(order.end(), {s.tap_kh, s.tap_ic_block});
    s.accumulator.update().reorder(order).vectorize(s.oc_lane).unroll(s.ow);
    if (unroll_kw) s.accumulator.update().unroll(s.tap_kw);
}

bool accepts(const Kernel &kernel, const Board &) {
    const auto *conv = std::get_if<Conv2dKernel>(&kernel);
    return conv && conv->problem.g > 1 && gspc_conv2d_accepts(*conv);
}

// Of the packed input and the packed output, of all groups or of one.
double packed_bytes(const ConvProblem &p, bool at_group) {
    const double input = 4.0 * p.mb * p.ic * read_rows(p) * read_columns(p),
                 output = 4.0 * p.mb * p.oc * p.oh * p.ow;
    return (input + output) / (at_group ? p.g : 1);
}

constexpr double largest_packed_bytes = 2 << 20;  // more leaves every second-level cache

std::string illegal(const Kernel &kernel, const Schedule &schedule, const Board &board) {
    const ConvProblem &p = conv_of(kernel).problem;
    const int tile_ic = schedule.at("tile_ic"), tile_oc = schedule.at("tile_oc"),
              tile_ow = schedule.at("tile_ow");
    const int ic = p.ic_per_group(), oc = p.oc_per_group();
    if (tile_ic < 1 || ic % tile_ic != 0) return "tile_ic must divide " + std::to_string(ic);
    if (tile_oc < 1 || tile_oc > board.vector_floats || oc % tile_oc != 0) {
        return "tile_oc must divide " + std::to_string(oc) + " and fit a vector of " +
               std::to_string(board.vector_floats);
    }
    if (tile_ow < 1 || tile_ow > p.ow) return "tile_ow must be 1.." + std::to_string(p.ow);
    if (!tile_fits(board, tile_ow, 1)) {
        return "the tile exceeds the " + std::to_string(board.vector_registers) +
               " vector registers";
    }
    const int vector = schedule.at("vector");
    if (vector < 1 || vector > board.vector_floats || (vector & (vector - 1)) != 0) {
        return "vector must be a power of two of at most " + std::to_string(board.vector_floats);
    }
    for (const char *flag : {"unroll_kw", "at_group"}) {
        const int value = schedule.at(flag);
        if (value != 0 && value != 1) return std::string(flag) + " must be 0 or 1";
    }
    if (schedule.at("unroll_kw") && (p.kw == 1 || p.kw > 7))
        return "unroll_kw must be 0 where a row has 1 tap or more than 7";
    if (packed_bytes(p, schedule.at("at_group")) > largest_packed_bytes) {
        return "the packed input and output exceed " +
               std::to_string((int64_t)largest_packed_bytes) + " bytes of scratch memory";
    }
    return "";
}

// Floats that packing reads and unpacking writes.
double input_floats(const ConvProblem &p) {
    return (double)p.mb * p.ic * read_rows(p) * read_columns(p);
}
double output_floats(const ConvProblem &p) {
    return (double)p.mb * p.oc * p.oh * p.ow;
}

Traffic traffic(const Kernel &kernel, const Schedule &schedule, const Board &) {
    const ConvProblem &p = conv_of(kernel).problem;
    const double input = input_floats(p), output = output_floats(p);
    const double weights = 4.0 * (double)p.weight_count();
    Traffic t{{once("input, output", 4 * (input + output), 8 * (input + output)),
               {"packed", 8 * (input + output), packed_bytes(p, schedule.at("at_group"))},
               once("weights", weights, 4 * weights + 4 * input)}};
    if (conv_of(kernel).residual)
        t.streams.push_back(untimed("residual", *conv_of(kernel).residual));
    return t;
}

// Packing and unpacking are loops of their own where they are not part of a group's task.
ParallelLoops parallel(const Kernel &kernel, const Schedule &schedule, const Board &) {
    return {.tasks = (double)conv_of(kernel).problem.g,
            .count = schedule.at("at_group") ? 1.0 : 3.0};
}

double cycles(const Kernel &kernel, const Schedule &schedule, const Board &board) {
    const ConvProblem &p = conv_of(kernel).problem;
    const int tile_oc = schedule.at("tile_oc"), tile_ow = schedule.at("tile_ow");
    const double tiles = (double)ceil_div(p.ow, tile_ow) * p.oh * (p.oc / tile_oc) * p.mb;
    const double steps = (double)p.ic_per_group() * p.kh * p.kw;
    const double step = step_cycles(board, tile_oc, tile_ow, tile_ow + 1);
    const double blocks = (double)p.ic_per_group() / schedule.at("tile_ic");
    const double loops = schedule.at("unroll_kw")
                             ? (double)p.ic_per_group() * p.kh * 1.5
                             : blocks * p.kh * p.kw * (1.5 + 0.5 * schedule.at("tile_ic"));
    const double convolution = tiles * (steps * step + loops + 10 + 2 * tile_ow);

    // Packing copies rows; unpacking transposes one float at a time.
    const double packing =
        2 * input_floats(p) / columns_of_vector(read_columns(p), schedule.at("vector")) +
        1.5 * output_floats(p);
    return overlapped(convolution + packing,
                      traffic_cycles(board, traffic(kernel, schedule, board)));
}

std::vector<Schedule> candidates(const Kernel &kernel, const Board &board, Span span) {
    const ConvProblem &p = conv_of(kernel).problem;
    static const std::vector<int> columns = {1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 14, 16, 20, 24};
    const std::vector<int> vectors =
        span == Span::usual ? std::vector{board.vector_floats} : powers_of_two(board.vector_floats);
    std::vector<Schedule> list;
    const auto add = [&](std::map<std::string, int> parameters) {
        Schedule schedule{"gspc", std::move(parameters)};
        if (illegal(kernel, schedule, board).empty()) list.push_back(std::move(schedule));
    };
    for (int tile_oc = 1; tile_oc <= std::min(board.vector_floats, p.oc_per_group()); tile_oc++) {
        for (int tile_ic = 1; tile_ic <= p.ic_per_group(); tile_ic++) {
            if (p.ic_per_group() % tile_ic != 0) continue;
            for (const int tile_ow :
                 lengths(span, std::min(p.ow, board.vector_registers), columns)) {
                for (const int unroll_kw : {0, 1}) {
                    for (const int at_group : {0, 1}) {
                        for (const int vector : vectors) {
                            add({{"vector", vector},
                                 {"tile_oc", tile_oc},
                                 {"tile_ic", tile_ic},
                                 {"tile_ow", tile_ow},
                                 {"unroll_kw", unroll_kw},
                                 {"at_group", at_group}});
                        }
                    }
                }
            }
        }
    }
    return list;
}

ScheduledKernel build(const Kernel &kernel, const Schedule &schedule, const Board &) {
    GspcConv2dStages stages =
        gspc_conv2d(conv_of(kernel), schedule.at("tile_ic"), schedule.at("tile_oc"));
    apply(stages, schedule, conv_of(kernel).problem);
    return {stages.output, stages.arguments()};
}

}  // namespace

const Template gspc = {"gspc", 1,     accepts, candidates, illegal,
                       cycles, build, true,    traffic,    parallel};

}  // namespace convoy::cpu
