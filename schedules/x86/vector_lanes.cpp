#include "schedules/x86/vector_lanes.h"

#include "generators/elementwise.h"
#include "generators/pool2d.h"
#include "generators/reorder.h"
#include "generators/softmax.h"
#include "schedules/x86/cost.h"

namespace convoy::x86 {

using namespace Halide;

namespace {

const View &output_of(const Kernel &kernel) {
    return std::visit([](const auto &k) -> const View & { return k.output; }, kernel);
}

// Vectors of at most `vector` floats over the lanes and as many columns as fill them.
struct Vectors {
    int lanes, columns;

    Vectors(const View &output, int vector) : lanes(output.layout.block), columns(1) {
        while (lanes * columns * 2 <= vector && columns * 2 <= output.w) columns *= 2;
    }
};

// The loops of an output in vectors, one task a plane.
void schedule_output(Func &output, const View &view, int vector, Var lane, Var w, Var h, Var block,
                     Var image) {
    const Vectors vectors(view, vector);
    Var column("column"), task("task");
    output.reorder(lane, w, h, block, image);
    if (vectors.lanes > 1) output.vectorize(lane);
    if (vectors.columns > 1)
        output.split(w, w, column, vectors.columns).reorder(lane, column, w, h).vectorize(column);
    output.fuse(block, image, task).parallel(task);
}

struct Builder {
    int vector;

    ScheduledKernel operator()(const Pool2dKernel &kernel) const {
        Pool2dStages s = pool2d(kernel);
        const int lanes = Vectors(kernel.output, vector).lanes;
        Var task("task");
        s.output.fuse(s.block, s.image, task).parallel(task);
        s.pooled.compute_at(s.output, s.ow).store_in(MemoryType::Stack);
        if (lanes > 1) {
            s.output.vectorize(s.lane);
            s.pooled.vectorize(s.lane);
            s.pooled.update().reorder(s.lane, s.kw, s.kh).vectorize(s.lane);
        }
        if (kernel.problem.kw <= 7) s.pooled.update().unroll(s.kw);
        return {s.output, s.arguments()};
    }
    ScheduledKernel operator()(const ElementwiseKernel &kernel) const {
        ElementwiseStages s = elementwise(kernel);
        schedule_output(s.output, kernel.output, vector, s.lane, s.w, s.h, s.block, s.image);
        return {s.output, s.arguments()};
    }
    ScheduledKernel operator()(const ReorderKernel &kernel) const {
        ReorderStages s = reorder(kernel);
        schedule_output(s.output, kernel.output, vector, s.lane, s.w, s.h, s.block, s.image);
        return {s.output, s.arguments()};
    }
    ScheduledKernel operator()(const SoftmaxKernel &kernel) const {
        SoftmaxStages s = softmax(kernel);
        const int columns = Vectors(kernel.output, vector).columns;
        Var column("column"), task("task");
        s.output.split(s.w, s.w, column, columns)
            .reorder(s.lane, column, s.c, s.w, s.h, s.image)
            .vectorize(column);
        s.output.fuse(s.h, s.image, task).parallel(task);
        s.largest.compute_at(s.output, s.w).vectorize(s.largest.args()[0]);
        s.largest.update().reorder(s.w, s.c_largest).vectorize(s.w);
        s.sum.compute_at(s.output, s.w).vectorize(s.sum.args()[0]);
        s.sum.update().reorder(s.w, s.c_sum).vectorize(s.w);
        return {s.output, s.arguments()};
    }
    ScheduledKernel operator()(const Conv2dKernel &) const {
        throw std::logic_error("vector_lanes does not schedule convolutions");
    }
};

bool accepts(const Kernel &kernel, const Board &board) {
    if (std::holds_alternative<Conv2dKernel>(kernel)) return false;
    if (const auto *copy = std::get_if<ReorderKernel>(&kernel))
        return reorder_accepts(*copy, board.vector_floats);
    if (const auto *soft = std::get_if<SoftmaxKernel>(&kernel)) {
        return soft->input.layout == Layout{} && soft->output.layout == Layout{};
    }
    return true;
}

std::vector<Schedule> candidates(const Kernel &, const Board &board) {
    return {{"vector_lanes", {{"vector", board.vector_floats}}}};
}

std::string illegal(const Kernel &, const Schedule &schedule, const Board &board) {
    const int vector = schedule.at("vector");
    if (vector < 1 || vector > board.vector_floats || (vector & (vector - 1)) != 0) {
        return "vector must be a power of two of at most " + std::to_string(board.vector_floats);
    }
    return "";
}

double cycles(const Kernel &kernel, const Schedule &schedule, const Board &board) {
    const View &output = output_of(kernel);
    const Vectors vectors(output, schedule.at("vector"));
    double operations = (double)output.floats() / (vectors.lanes * vectors.columns),
           bytes = 8.0 * output.floats();
    if (const auto *pool = std::get_if<Pool2dKernel>(&kernel)) {
        const PoolProblem &p = pool->problem;
        const bool padded = p.ph || p.pw || p.ph_end || p.pw_end;
        operations = (double)output.floats() / vectors.lanes * p.kh * p.kw * (padded ? 3 : 1.5);
        bytes = 4.0 * (output.floats() + pool->input.floats());
    } else if (const auto *copy = std::get_if<ReorderKernel>(&kernel)) {
        // A transposition moves one float at a time.
        if (copy->input.layout != copy->output.layout) operations = (double)output.floats() * 1.5;
        bytes = 4.0 * (output.floats() + copy->input.floats());
    } else if (std::holds_alternative<SoftmaxKernel>(kernel)) {
        operations *= 30;
    } else if (std::get<ElementwiseKernel>(kernel).addend) {
        bytes *= 1.5;
    }
    return 60 + 1.5 * operations + stream_cycles(board, bytes, bytes);
}

ScheduledKernel build(const Kernel &kernel, const Schedule &schedule) {
    return std::visit(Builder{schedule.at("vector")}, kernel);
}

}  // namespace

const Template vector_lanes = {"vector_lanes", 1, accepts, candidates, illegal, cycles, build};

}  // namespace convoy::x86
