#include "schedules/cpu/transpose.h"

#include <numeric>

#include "generators/reorder.h"
#include "schedules/cpu/cost.h"

namespace convoy::cpu {

using namespace Halide;

namespace {

const ReorderKernel &reorder_of(const Kernel &kernel) {
    return std::get<ReorderKernel>(kernel);
}

// Lanes that lie beside each other in both layouts.
int run_of(const ReorderKernel &kernel) {
    const Layout &in = kernel.input.layout, &out = kernel.output.layout;
    return in.groups == 1 && out.groups == 1 ? std::gcd(in.block, out.block) : 1;
}

// Channels that share cache lines of the input.
int channels_together(const View &view) {
    return view.layout.block * (view.layout.groups > 1 ? view.c / view.layout.groups : 1);
}

// Columns whose vectors are interleaved in registers; 0 where lanes are gathered one by one.
int interleaved_columns(const ReorderKernel &reorder) {
    const int block = reorder.output.layout.block, columns = block >= 16 ? 4 : 8;
    const bool is_dense = reorder.input.layout.block == 1 && block >= 8;
    return is_dense && reorder.output.w >= columns ? columns : 0;
}

bool accepts(const Kernel &kernel, const Board &board) {
    const auto *reorder = std::get_if<ReorderKernel>(&kernel);
    return reorder && reorder->input.layout != reorder->output.layout &&
           reorder_accepts(*reorder, board.vector_floats);
}

std::vector<Schedule> candidates(const Kernel &, const Board &board, Span) {
    return {{"transpose", {{"vector", board.vector_floats}}}};
}

std::string illegal(const Kernel &kernel, const Schedule &schedule, const Board &board) {
    if (!accepts(kernel, board)) return "the layouts are equal";
    if (schedule.at("vector") != board.vector_floats)
        return "vector must be the board's " + std::to_string(board.vector_floats);
    return "";
}

double cycles(const Kernel &kernel, const Schedule &, const Board &board) {
    const ReorderKernel &reorder = reorder_of(kernel);
    const double floats = (double)reorder.output.floats();
    const double bytes = 4 * (floats + std::min(floats, (double)reorder.input.floats()));
    const double each = interleaved_columns(reorder) > 0 ? 0.3 : 0.5;
    const double compute = floats / run_of(reorder) * each;
    return 60 + overlapped(compute, stream_cycles(board, bytes, bytes));
}

ScheduledKernel build(const Kernel &kernel, const Schedule &schedule, const Board &) {
    const ReorderKernel &reorder = reorder_of(kernel);
    const int vector = schedule.at("vector");
    ReorderStages s = convoy::reorder(reorder);
    Var outer("outer"), inner("inner"), column("column"), task("task");
    const int run = run_of(reorder);
    if (reorder.output.layout.block == 1) {
        const int columns = std::min(vector, reorder.output.w);
        s.output.split(s.block, outer, inner, channels_together(reorder.input),
                       TailStrategy::GuardWithIf);
        s.output.split(s.w, s.w, column, columns)
            .reorder(s.lane, column, inner, s.w, s.h, outer, s.image)
            .vectorize(column)
            .fuse(outer, s.image, task)
            .parallel(task);
    } else if (run > 1) {
        s.output.split(s.lane, outer, inner, run)
            .reorder(inner, outer, s.w, s.h, s.block, s.image)
            .vectorize(inner)
            .unroll(outer)
            .fuse(s.block, s.image, task)
            .parallel(task);
    } else if (const int columns = interleaved_columns(reorder)) {
        s.output.split(s.w, s.w, column, columns, TailStrategy::ShiftInwards)
            .reorder(s.lane, column, s.w, s.h, s.block, s.image)
            .vectorize(column)
            .unroll(s.lane)
            .fuse(s.block, s.image, task)
            .parallel(task);
    } else {
        s.output.reorder(s.lane, s.w, s.h, s.block, s.image)
            .vectorize(s.lane)
            .fuse(s.block, s.image, task)
            .parallel(task);
    }
    return {s.output, s.arguments()};
}

}  // namespace

const Template transpose = {"transpose", 1, accepts, candidates, illegal, cycles, build};

}  // namespace convoy::cpu
