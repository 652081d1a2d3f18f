#include "schedules/cpu/group_lanes.h"

#include "generators/grouped_conv2d.h"
#include "schedules/cpu/cost.h"

namespace convoy::cpu {

using namespace Halide;

namespace {

void apply(GroupedConv2dStages &s, const Schedule &schedule) {
    const int vector_ow = schedule.at("vector_ow");  // columns of one vector
    const int tile_ow = schedule.at("tile_ow");      // vectors of columns
    const int tile_oh = schedule.at("tile_oh"), tile_oc = schedule.at("tile_oc");
    Var owo("owo"), owi("owi"), owv("owv"), owl("owl"), oho("oho"), ohi("ohi"), oco("oco"),
        oci("oci"), task("task");

    s.output.split(s.ow, owo, owi, tile_ow * vector_ow)
        .split(owi, owv, owl, vector_ow)
        .split(s.oh, oho, ohi, tile_oh)
        .split(s.oc, oco, oci, tile_oc);
    if (schedule.at("rows_outer")) {
        s.output.reorder(s.lane, owl, owv, ohi, oci, owo, oco, oho, s.group, s.image)
            .fuse(oho, s.group, task)
            .fuse(task, s.image, task);
    } else {
        s.output.reorder(s.lane, owl, owv, ohi, oci, owo, oho, oco, s.group, s.image)
            .fuse(oco, s.group, task)
            .fuse(task, s.image, task);
    }
    s.output.unroll(owv).unroll(ohi).unroll(oci).parallel(task);
    s.accumulator.compute_at(s.output, owo)
        .store_in(MemoryType::Stack)
        .split(s.ow, owv, owl, vector_ow)
        .reorder(s.lane, owl, owv, s.oh, s.oc)
        .unroll(owv)
        .unroll(s.oh)
        .unroll(s.oc);
    // The operands of the inner loop stay in registers across the outer one: they must be the few.
    std::vector<VarOrRVar> tile = {s.lane, owl};
    if (tile_oc <= tile_ow * tile_oh) {
        tile.insert(tile.end(), {s.oc, owv, s.oh});
    } else {
        tile.insert(tile.end(), {owv, s.oh, s.oc});
    }
    tile.insert(tile.end(), {s.kw, s.kh, s.ic, s.group, s.image});
    s.accumulator.update()
        .split(s.ow, owv, owl, vector_ow)
        .reorder(tile)
        .unroll(owv)
        .unroll(s.oh)
        .unroll(s.oc);
    const auto vectorize = [&](auto &&stage) {
        if (s.lanes > 1) stage.vectorize(s.lane);
        if (vector_ow > 1) stage.vectorize(owl);
    };
    vectorize(s.output);
    vectorize(s.accumulator);
    vectorize(s.accumulator.update());
    if (schedule.at("unroll_taps") >= 1) s.accumulator.update().unroll(s.kw);
    if (schedule.at("unroll_taps") >= 2) s.accumulator.update().unroll(s.kh);
}

const Conv2dKernel &conv_of(const Kernel &kernel) {
    return std::get<Conv2dKernel>(kernel);
}

bool accepts(const Kernel &kernel, const Board &board) {
    const auto *conv = std::get_if<Conv2dKernel>(&kernel);
    return conv && grouped_conv2d_accepts(*conv) && conv->input.layout.block <= board.vector_floats;
}

// Multiply-adds of an unrolled loop body; the compiler's time grows faster than it.
constexpr int largest_body = 1024;

std::string illegal(const Kernel &kernel, const Schedule &schedule, const Board &board) {
    const ConvProblem &p = conv_of(kernel).problem;
    const int lanes = conv_of(kernel).input.layout.block, vector_ow = schedule.at("vector_ow");
    const int tile_ow = schedule.at("tile_ow"), tile_oh = schedule.at("tile_oh"),
              tile_oc = schedule.at("tile_oc");
    if (vector_ow < 1 || vector_ow * lanes > board.vector_floats ||
        (vector_ow & (vector_ow - 1)) != 0) {
        return "vector_ow must be a power of two of at most " +
               std::to_string(board.vector_floats / lanes);
    }
    if (tile_ow < 1 || tile_ow * vector_ow > p.ow) {
        return "tile_ow x vector_ow must be 1.." + std::to_string(p.ow);
    }
    if (tile_oh < 1 || tile_oh > p.oh) return "tile_oh must be 1.." + std::to_string(p.oh);
    if (tile_oc < 1 || tile_oc > p.oc_per_group()) {
        return "tile_oc must be 1.." + std::to_string(p.oc_per_group());
    }
    // Rows and channels that two tasks compute must be equal to the last bit: LLVM, which
    // vectorises scalar code in its own ways, may round one tile's otherwise than the next one's.
    if (vector_ow * lanes == 1 && (p.oh % tile_oh != 0 || p.oc_per_group() % tile_oc != 0))
        return "tiles of single floats must divide the rows and the channels of a group";
    if (!tile_fits(board, tile_ow * tile_oh * tile_oc, std::min(tile_oc, tile_ow * tile_oh))) {
        return "the tile exceeds the " + std::to_string(board.vector_registers) +
               " vector registers";
    }
    const int unroll = schedule.at("unroll_taps");
    if (unroll < 0 || unroll > 2) return "unroll_taps must be 0, 1 or 2";
    const int copies = tile_ow * tile_oh * tile_oc * (unroll ? p.kw : 1) * (unroll > 1 ? p.kh : 1);
    if (unroll && copies > largest_body)
        return "the unrolled body exceeds " + std::to_string(largest_body) + " multiply-adds";
    return "";
}

// Vectors of groups, and register tiles of all of them.
double lane_groups_of(const Conv2dKernel &kernel) {
    return (double)ceil_div(kernel.problem.g, kernel.input.layout.block);
}

double tiles_of(const Conv2dKernel &kernel, const Schedule &schedule) {
    const ConvProblem &p = kernel.problem;
    const double tiles_plane =
        (double)ceil_div(p.ow, schedule.at("tile_ow") * schedule.at("vector_ow")) *
        ceil_div(p.oh, schedule.at("tile_oh"));
    return tiles_plane * ceil_div(p.oc_per_group(), schedule.at("tile_oc")) *
           lane_groups_of(kernel) * p.mb;
}

Traffic traffic(const Kernel &kernel, const Schedule &schedule, const Board &) {
    const ConvProblem &p = conv_of(kernel).problem;
    const int lanes = conv_of(kernel).input.layout.block, tile_oc = schedule.at("tile_oc");
    const int ic = p.ic_per_group(), oc = p.oc_per_group();
    const double lane_groups = lane_groups_of(conv_of(kernel));
    const double steps = (double)ic * p.kh * p.kw;
    const double group_weights = 4.0 * lanes * oc * steps,
                 tile_weights = 4.0 * lanes * tile_oc * steps;
    const double group_input = 4.0 * lanes * ic * p.ih * p.iw;
    const double tile_input =
        4.0 * lanes * ic * ((schedule.at("tile_ow") * schedule.at("vector_ow") - 1) * p.sw + p.kw) *
        ((schedule.at("tile_oh") - 1) * p.sh + p.kh);
    const double all_input = group_input * lane_groups * p.mb;
    const double all_output = 4.0 * lanes * oc * p.oh * p.ow * lane_groups * p.mb;
    const double all_weights = group_weights * lane_groups;
    const double again = tiles_of(conv_of(kernel), schedule) * tile_weights - all_weights;
    Traffic t{{weights_stream(all_weights)}};
    if (schedule.at("rows_outer")) {
        t.streams.push_back({"weights", again, group_weights + tile_input});
    } else {
        t.streams.push_back({"weights", again, tile_weights + tile_input});
        const double tiles_oc = (double)ceil_div(oc, tile_oc);
        t.streams.push_back({"input", all_input * (tiles_oc - 1), group_input});
    }
    t.streams.push_back(once("input, output", all_input + all_output, all_input + all_output));
    if (conv_of(kernel).residual)
        t.streams.push_back(untimed("residual", *conv_of(kernel).residual));
    return t;
}

ParallelLoops parallel(const Kernel &kernel, const Schedule &schedule, const Board &) {
    const ConvProblem &p = conv_of(kernel).problem;
    const int64_t tiles = schedule.at("rows_outer")
                              ? ceil_div(p.oh, schedule.at("tile_oh"))
                              : ceil_div(p.oc_per_group(), schedule.at("tile_oc"));
    return {.tasks = lane_groups_of(conv_of(kernel)) * p.mb * (double)tiles};
}

double cycles(const Kernel &kernel, const Schedule &schedule, const Board &board) {
    const ConvProblem &p = conv_of(kernel).problem;
    const int lanes = conv_of(kernel).input.layout.block, vector_ow = schedule.at("vector_ow");
    const int tile_ow = schedule.at("tile_ow"), tile_oh = schedule.at("tile_oh"),
              tile_oc = schedule.at("tile_oc");
    const int ic = p.ic_per_group();
    const double tiles = tiles_of(conv_of(kernel), schedule);
    const double inputs = tile_ow * tile_oh;

    // Input vectors of neighbouring taps overlap where taps are unrolled and columns fill whole
    // vectors.
    // Vectors of several columns start anywhere in a cache line, unless all rows are whole vectors;
    // a load that crosses into the next line counts twice.
    const bool is_aligned =
        p.kw == 1 && conv_of(kernel).input.row_stride() % (lanes * vector_ow) == 0;
    const double crossing = is_aligned ? 0 : 4.0 * lanes * (vector_ow - 1) / 64;
    double loads = tile_oc + inputs * (1 + crossing);
    if (schedule.at("unroll_taps") == 2 && vector_ow == 1) {
        const double distinct =
            ((tile_ow - 1.0) * p.sw + p.kw) * ((tile_oh - 1.0) * p.sh + p.kh) / (p.kw * p.kh);
        loads = tile_oc + std::min(inputs, 0.5 * (distinct + inputs));
    } else if (schedule.at("unroll_taps") == 1 && vector_ow == 1 && !takes_memory_operands(board)) {
        const double distinct = ((tile_ow - 1.0) * p.sw + p.kw) * tile_oh / p.kw;
        loads = tile_oc + std::min(inputs, distinct);
    }
    if (vector_ow > 1 && p.sw > 1) loads += 2 * inputs * (vector_ow - 1);
    const double step = step_cycles(board, lanes * vector_ow, inputs * tile_oc, loads,
                                    schedule.at("unroll_taps") ? p.kw : 1);
    const double steps = (double)ic * p.kh * p.kw;
    const int unroll = schedule.at("unroll_taps");
    const double loops = ic * (unroll == 2   ? 1.5
                               : unroll == 1 ? 1.5 * (1 + p.kh)
                                             : 1.5 * (1 + p.kh * (1 + p.kw)));
    const double ends = 10 + inputs * tile_oc * (conv_of(kernel).residual ? 3 : 2);
    const double tasks = parallel(kernel, schedule, board).tasks;
    const double compute = tiles * (step * steps + loops + ends) + tasks * task_cycles;
    return overlapped(compute, traffic_cycles(board, traffic(kernel, schedule, board)));
}

// Unrolled taps share their inputs, which the compiler then keeps in registers. Depthwise gains
// from it while the tile is small; with several input channels it gains nothing, and where
// registers are few it spills.
int unroll_taps(const ConvProblem &p, const Board &board, int accumulators, int tile_oh) {
    if (p.kw > 11) return 0;
    if (!takes_memory_operands(board)) return 1;  // two rows' inputs at once spill
    if (p.ic_per_group() > 1) return board.vector_registers >= 32 ? 1 : 0;
    return tile_oh <= 2 && p.kh * p.kw * accumulators <= 512 ? 2 : 1;
}

// Accumulators beyond which the shared inputs of unrolled taps no longer fit beside them.
int largest_tile(const ConvProblem &p, const Board &board) {
    if (!takes_memory_operands(board)) return p.sw == 1 ? 16 : 12;
    const bool shares_inputs = p.ic_per_group() == 1 || board.vector_registers >= 32;
    return shares_inputs ? board.vector_registers / 2 : board.vector_registers * 3 / 4;
}

std::vector<Schedule> candidates(const Kernel &kernel, const Board &board, Span span) {
    const ConvProblem &p = conv_of(kernel).problem;
    const int lanes = conv_of(kernel).input.layout.block, registers = board.vector_registers;
    static const std::vector<int> columns = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14};
    std::vector<Schedule> list;
    const auto add = [&](std::map<std::string, int> parameters) {
        Schedule schedule{"group_lanes", std::move(parameters)};
        if (illegal(kernel, schedule, board).empty()) list.push_back(std::move(schedule));
    };
    for (int vector_ow = 1; vector_ow * lanes <= board.vector_floats; vector_ow *= 2) {
        for (const int tile_ow : lengths(span, std::min(p.ow, registers), columns)) {
            for (const int tile_oh : lengths(span, p.oh, {1, 2, 3, 4, 7})) {
                for (int tile_oc = 1; tile_oc <= p.oc_per_group(); tile_oc++) {
                    const int accumulators = tile_ow * tile_oh * tile_oc;
                    if (accumulators > (span == Span::usual ? largest_tile(p, board) : registers))
                        break;
                    const std::vector<int> unrolled =
                        span == Span::usual
                            ? std::vector{unroll_taps(p, board, accumulators, tile_oh)}
                            : std::vector{0, 1, 2};
                    for (int rows_outer : {0, 1}) {
                        for (const int taps : unrolled) {
                            add({{"vector_ow", vector_ow},
                                 {"tile_ow", tile_ow},
                                 {"tile_oh", tile_oh},
                                 {"tile_oc", tile_oc},
                                 {"rows_outer", rows_outer},
                                 {"unroll_taps", taps}});
                        }
                    }
                }
            }
        }
    }
    return list;
}

ScheduledKernel build(const Kernel &kernel, const Schedule &schedule, const Board &) {
    GroupedConv2dStages stages = grouped_conv2d(conv_of(kernel), schedule.at("tile_oc"));
    apply(stages, schedule);
    return {stages.output, stages.arguments()};
}

}  // namespace

const Template group_lanes = {"group_lanes", 2,     accepts, candidates, illegal,
                              cycles,        build, true,    traffic,    parallel};

}  // namespace convoy::cpu
