#include "schedules/cpu/autoscheduled.h"

#include <iterator>

#include "generators/conv2d.h"
#include "generators/grouped_conv2d.h"
#include "generators/separable_conv2d.h"
#include "generators/two_level_conv2d.h"
#include "schedules/choose.h"
#include "schedules/cpu/halide_autoscheduler.h"
#include "schedules/operands.h"
#include "targets/roofline.h"

namespace convoy::cpu {

namespace {

struct Autoscheduler {
    const char *name;
    std::map<std::string, std::string> (*parameters)(const Board &board);
    // How many times the roofline's time its schedules take, about: where the innermost dimension
    // of the output fills vectors, and where it does not.
    double slower, slower_in_part;
};

std::map<std::string, std::string> one_thread(const Board &) {
    return {{"parallelism", "1"}};
}

std::map<std::string, std::string> one_thread_and_cache(const Board &board) {
    return {{"parallelism", "1"}, {"last_level_cache_size", std::to_string(board.l2_bytes)}};
}

// The parameter `scheduler` counts them from 1. All give the same code for the same kernel: what
// Adams2019 can choose at random it does not unless it is told to.
constexpr Autoscheduler autoschedulers[] = {
    {"Mullapudi2016", one_thread_and_cache, 4, 30},
    {"Adams2019", one_thread, 3.5, 30},
    {"Li2018", one_thread, 7, 7},
};

const Autoscheduler &scheduler_of(const Schedule &schedule) {
    return autoschedulers[schedule.at("scheduler") - 1];
}

// They schedule the stages that the reference schedule leaves as plain loops.
const Template &reference() {
    return reference_templates().front();
}

int vector_of(const Kernel &kernel, const Board &board) {
    return reference().candidates(kernel, board, Span::all).front().at("vector");
}

bool accepts(const Kernel &kernel, const Board &board) {
    const auto *conv = std::get_if<Conv2dKernel>(&kernel);
    return is_tunable(kernel) && !(conv && lacks_reach(*conv)) &&
           reference().accepts(kernel, board);
}

std::string illegal(const Kernel &kernel, const Schedule &schedule, const Board &board) {
    if (!accepts(kernel, board)) return "no generator accepts these layouts";
    const int scheduler = schedule.at("scheduler"), count = (int)std::size(autoschedulers);
    if (scheduler < 1 || scheduler > count)
        return "scheduler must be 1 to " + std::to_string(count);
    const int vector = vector_of(kernel, board);
    return schedule.at("vector") == vector ? "" : "vector must be " + std::to_string(vector);
}

// No compilation ranks them.
std::vector<Schedule> candidates(const Kernel &kernel, const Board &board, Span span) {
    std::vector<Schedule> list;
    if (span == Span::usual) return list;
    for (int scheduler = 1; scheduler <= (int)std::size(autoschedulers); scheduler++) {
        list.push_back(
            {"autoscheduled", {{"scheduler", scheduler}, {"vector", vector_of(kernel, board)}}});
    }
    return list;
}

// They take the vectors of their target, whatever the innermost dimension is: for blocks shorter
// than the board's vectors a target with these. The kernel is compiled for the board all the same.
Halide::Target target_for(const View &output, const Board &board) {
    const int block = output.layout.block;
    if (board.family != "x86" || block == 1 || block >= board.vector_floats)
        return Halide::Target(board.halide_target);
    return Halide::Target(block >= 8 ? "x86-64-linux-avx2-fma" : "x86-64-linux-sse41");
}

// Nobody knows before what they will do.
double cycles(const Kernel &kernel, const Schedule &schedule, const Board &board) {
    const View &output = output_view(kernel);
    const int innermost = output.layout.block == 1 ? output.w : output.layout.block;
    const bool fills_vectors =
        innermost >= target_for(output, board).natural_vector_size(Halide::Float(32));
    const Autoscheduler &scheduler = scheduler_of(schedule);
    const double us = roofline_us(board, macs(kernel), compulsory_bytes(kernel));
    return (fills_vectors ? scheduler.slower : scheduler.slower_in_part) * us * 1e3 *
           board.clock_ghz;
}

struct Builder {
    const Schedule &schedule;
    const Board &board;

    ScheduledKernel operator()(const Conv2dKernel &kernel) const {
        if (grouped_conv2d_accepts(kernel)) return finish(kernel.output, grouped_conv2d(kernel, 1));
        return finish(kernel.output, conv2d(kernel, schedule.at("vector")));
    }
    ScheduledKernel operator()(const SeparableConv2dKernel &kernel) const {
        return finish(kernel.output, separable_conv2d(kernel, schedule.at("vector")));
    }
    ScheduledKernel operator()(const TwoLevelConv2dKernel &kernel) const {
        return finish(kernel.output, two_level_conv2d(kernel, schedule.at("vector")));
    }
    ScheduledKernel operator()(const auto &kernel) const {
        throw std::invalid_argument("expected a convolution, found " + to_string(Kernel(kernel)));
    }

private:
    ScheduledKernel finish(const View &output, const auto &stages) const {
        std::vector<Halide::ImageParam> inputs = {stages.input, stages.weights, stages.bias};
        if (stages.has_residual) inputs.push_back(stages.residual);
        const Autoscheduler &scheduler = scheduler_of(schedule);
        autoschedule(stages.output, inputs, target_for(output, board), scheduler.name,
                     scheduler.parameters(board));
        return {stages.output, stages.arguments()};
    }
};

ScheduledKernel build(const Kernel &kernel, const Schedule &schedule, const Board &board) {
    return std::visit(Builder{schedule, board}, kernel);
}

}  // namespace

const Template autoscheduled = {"autoscheduled", 1, accepts, candidates, illegal, cycles, build};

}  // namespace convoy::cpu
