#include "schedules/cpu/vector_lanes.h"

#include "generators/channel_shuffle.h"
#include "generators/elementwise.h"
#include "generators/matmul.h"
#include "generators/normalize.h"
#include "generators/pool2d.h"
#include "generators/reduce.h"
#include "generators/reorder.h"
#include "generators/resample.h"
#include "generators/softmax.h"
#include "generators/strided_copy.h"
#include "schedules/cpu/cost.h"

namespace convoy::cpu {

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

// Sums a row that lies in memory contiguously: as many sums beside one another as a vector holds,
// added at the end.
void vectorize_reduction(Func &sum, RVar each, int extent, int vector, Func &consumer, Var at) {
    if (extent < 2 * vector) return;
    RVar outer("outer"), inner("inner");
    Var lanes("lanes");
    sum.update().split(each, outer, inner, vector, TailStrategy::GuardWithIf);
    Func partial = sum.update().rfactor(inner, lanes);
    partial.compute_at(consumer, at).store_in(MemoryType::Stack).vectorize(lanes);
    partial.update().reorder(lanes, outer).vectorize(lanes);
}

// The sums of a tile of an output's columns, each in a lane of its own.
void vectorize_columns(Func &sum, Var column, RVar each) {
    sum.vectorize(column);
    sum.update().reorder(column, each).vectorize(column);
}

// Pixels whose sums run beside one another, so that none waits for its own last addition.
int columns_beside(int w) {
    for (int columns = 8; columns > 3; columns--) {
        if (w % columns == 0) return columns;
    }
    return std::min(w, 4);
}

// Sums over the blocks, a lane's each, of the columns of a tile; then a pixel's over its lanes.
void sum_lanes(Func &part, RVar block, Func &total, RVar lane, Func &consumer, Var at) {
    const Var part_lane = part.args()[0], column = part.args()[1];
    part.vectorize(part_lane).unroll(column);
    part.update().reorder(part_lane, column, block).vectorize(part_lane).unroll(column);
    total.compute_at(consumer, at).store_in(MemoryType::Stack).unroll(total.args()[0]);
    total.update().reorder(lane, total.args()[0]).atomic().vectorize(lane).unroll(total.args()[0]);
}

// Rows of a tile of a product.
int rows_of_product(const View &output) {
    return std::min(output.h, 6);
}

struct Builder {
    int vector;

    // One output whose elements need nothing beside each other.
    template<typename Stages>
    ScheduledKernel in_vectors(Stages s, const View &output) const {
        schedule_output(s.output, output, vector, s.lane, s.w, s.h, s.block, s.image);
        return {s.output, s.arguments()};
    }

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
        if (kernel.problem.kw * kernel.problem.kh <= 9) s.pooled.update().unroll(s.kh);
        return {s.output, s.arguments()};
    }
    ScheduledKernel operator()(const ElementwiseKernel &kernel) const {
        return in_vectors(elementwise(kernel), kernel.output);
    }
    ScheduledKernel operator()(const ReorderKernel &kernel) const {
        return in_vectors(reorder(kernel), kernel.output);
    }
    ScheduledKernel operator()(const SoftmaxKernel &kernel) const {
        SoftmaxStages s = softmax(kernel);
        const int columns = Vectors(kernel.output, vector).columns;
        Var column("column"), task("task");
        s.output.split(s.w, s.w, column, columns)
            .reorder(s.lane, column, s.c, s.w, s.h, s.image)
            .vectorize(column);
        s.output.fuse(s.h, s.image, task).parallel(task);
        s.largest.compute_at(s.output, s.w);
        s.sum.compute_at(s.output, s.w);
        vectorize_columns(s.largest, s.w, s.c_largest);
        vectorize_columns(s.sum, s.w, s.c_sum);
        return {s.output, s.arguments()};
    }
    ScheduledKernel operator()(const ReduceKernel &kernel) const {
        ReduceStages s = reduce(kernel);
        const int columns = Vectors(kernel.output, vector).columns;
        Var column("column"), task("task");
        s.output.split(s.w, s.w, column, columns)
            .reorder(s.lane, column, s.c, s.w, s.h, s.image)
            .fuse(s.h, s.image, task)
            .parallel(task);
        s.reduced.compute_at(s.output, s.w);
        if (columns > 1) {
            s.output.vectorize(column);
            vectorize_columns(s.reduced, s.w, s.each);
        } else if (kernel.output.w == 1) {
            vectorize_reduction(s.reduced, s.each, kernel.input.c, vector, s.output, s.w);
        }
        return {s.output, s.arguments()};
    }
    ScheduledKernel operator()(const NormalizeKernel &kernel) const {
        NormalizeStages s = normalize(kernel);
        const bool is_blocked = kernel.output.layout.block > 1;
        const int columns =
            is_blocked ? columns_beside(kernel.output.w) : Vectors(kernel.output, vector).columns;
        Var column("column"), inner("inner"), task("task");
        s.output.split(s.w, s.w, column, columns)
            .reorder(s.lane, column, s.c, s.w, s.h, s.image)
            .fuse(s.h, s.image, task)
            .parallel(task);
        for (Func *stage : {&s.lane_sums, &s.lane_squares, &s.mean, &s.inverse})
            stage->compute_at(s.output, s.w).store_in(MemoryType::Stack);
        if (is_blocked) {
            s.output.vectorize(s.lane).unroll(column);
            sum_lanes(s.lane_sums, s.sum_block, s.sum, s.sum_lane, s.output, s.w);
            sum_lanes(s.lane_squares, s.squares_block, s.squares, s.squares_lane, s.output, s.w);
            s.mean.vectorize(s.w);
            s.inverse.vectorize(s.w);
        } else if (columns > 1) {
            s.output.vectorize(column);
            vectorize_columns(s.lane_sums, s.w, s.sum_block);
            vectorize_columns(s.lane_squares, s.w, s.squares_block);
            s.mean.vectorize(s.w);
            s.inverse.vectorize(s.w);
        } else if (kernel.output.w == 1 && kernel.output.c >= 2 * vector) {
            s.output.split(s.c, s.c, inner, vector)
                .reorder(inner, s.lane, column, s.c)
                .vectorize(inner);
            const int extent = kernel.input.c;
            vectorize_reduction(s.lane_sums, s.sum_block, extent, vector, s.output, s.w);
            vectorize_reduction(s.lane_squares, s.squares_block, extent, vector, s.output, s.w);
        }
        return {s.output, s.arguments()};
    }
    ScheduledKernel operator()(const MatMulKernel &kernel) const {
        MatMulStages s = matmul(kernel);
        const int columns = Vectors(kernel.output, vector).columns;
        const int vectors = kernel.output.w >= 2 * columns ? 2 : 1;
        const int rows = rows_of_product(kernel.output);
        Var ni("ni"), nv("nv"), mi("mi"), task("task");
        s.output.split(s.n, s.n, nv, columns * vectors)
            .split(nv, nv, ni, columns)
            .split(s.m, s.m, mi, rows)
            .reorder(s.lane, ni, nv, mi, s.n, s.m, s.c, s.image)
            .vectorize(ni)
            .unroll(nv)
            .unroll(mi)
            .fuse(s.m, s.c, task)
            .fuse(task, s.image, task)
            .parallel(task);
        s.product.compute_at(s.output, s.n).store_in(MemoryType::Stack);
        s.product.split(s.n, nv, ni, columns).vectorize(ni).unroll(nv).unroll(s.m);
        s.product.update()
            .split(s.n, nv, ni, columns)
            .reorder(ni, nv, s.m, s.k)
            .vectorize(ni)
            .unroll(nv)
            .unroll(s.m);
        return {s.output, s.arguments()};
    }
    ScheduledKernel operator()(const StridedCopyKernel &kernel) const {
        StridedCopyStages s = strided_copy(kernel);
        int columns = 1;
        while (columns * 2 <= std::min(vector, s.inner_extent)) columns *= 2;
        Var column("column");
        if (columns > 1) s.output.split(s.dims[0], s.dims[0], column, columns).vectorize(column);
        if (s.dims.size() > 1) s.output.parallel(s.dims.back());
        return {s.output, s.arguments()};
    }
    ScheduledKernel operator()(const ResampleKernel &kernel) const {
        return in_vectors(resample(kernel), kernel.output);
    }
    ScheduledKernel operator()(const ChannelShuffleKernel &kernel) const {
        return in_vectors(channel_shuffle(kernel), kernel.output);
    }
    ScheduledKernel operator()(const auto &) const {
        throw std::logic_error("vector_lanes does not schedule convolutions");
    }
};

bool accepts(const Kernel &kernel, const Board &board) {
    if (window_of(kernel)) return false;
    if (const auto *copy = std::get_if<ReorderKernel>(&kernel))
        return copy->input.layout == copy->output.layout &&
               reorder_accepts(*copy, board.vector_floats);
    if (const auto *norm = std::get_if<NormalizeKernel>(&kernel)) return normalize_accepts(*norm);
    return !is_plain(kernel) || has_plain_layouts(kernel);
}

std::vector<Schedule> candidates(const Kernel &, const Board &board, Span span) {
    if (span == Span::usual) return {{"vector_lanes", {{"vector", board.vector_floats}}}};
    std::vector<Schedule> list;
    for (const int vector : powers_of_two(board.vector_floats))
        list.push_back({"vector_lanes", {{"vector", vector}}});
    return list;
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
        // A slice that cuts blocks moves one float at a time.
        if (copy->input_channel % copy->input.layout.block != 0)
            operations = (double)output.floats() * 1.5;
        bytes = 4.0 * (output.floats() + std::min(output.floats(), copy->input.floats()));
    } else if (const auto *shuffle = std::get_if<ChannelShuffleKernel>(&kernel)) {
        // Whole planes or whole vectors are copied in nchw and where the shuffle keeps the lanes.
        const bool moves_lanes = output.layout.block > 1 && !keeps_lanes(*shuffle);
        if (moves_lanes) operations = (double)output.floats() * 1.5;
        bytes = 4.0 * (output.floats() + shuffle->input.floats());
    } else if (std::holds_alternative<SoftmaxKernel>(kernel)) {
        operations *= 30;
    } else if (std::holds_alternative<NormalizeKernel>(kernel)) {
        operations *= 6;
    } else if (const auto *sum = std::get_if<ReduceKernel>(&kernel)) {
        operations *= 2.0 * sum->input.c;
        bytes = 4.0 * sum->input.floats();
    } else if (const auto *product = std::get_if<MatMulKernel>(&kernel)) {
        operations = (double)product->macs() / (vectors.lanes * vectors.columns);
    } else if (const auto *strided = std::get_if<StridedCopyKernel>(&kernel)) {
        // Loads of one float each, unless neighbours are copied together.
        const CopyDim inner = merge_dims(strided->copy).dims.back();
        const int together =
            inner.stride == 1 ? std::min<int>(board.vector_floats, inner.extent) : 1;
        operations = (double)output.floats() * 1.5 / together;
    } else if (const auto *taps = std::get_if<ResampleKernel>(&kernel)) {
        operations *= 3.0 * taps->taps;
        // Along the columns every lane of a vector has an index of its own.
        if (taps->axis == ResampleKernel::Axis::w) operations *= vectors.columns;
    } else if (const auto *each = std::get_if<ElementwiseKernel>(&kernel); each && each->addend) {
        bytes *= 1.5;
    }
    return 60 + 1.5 * operations + stream_cycles(board, bytes, bytes);
}

ParallelLoops parallel(const Kernel &kernel, const Schedule &, const Board &) {
    const View &output = output_of(kernel);
    double of_image = output.blocks;
    if (std::holds_alternative<StridedCopyKernel>(kernel)) return {};
    if (std::holds_alternative<SoftmaxKernel>(kernel) ||
        std::holds_alternative<ReduceKernel>(kernel) ||
        std::holds_alternative<NormalizeKernel>(kernel)) {
        of_image = output.h;
    } else if (std::holds_alternative<MatMulKernel>(kernel)) {
        of_image = (double)ceil_div(output.h, rows_of_product(output)) * output.c;
    }
    return {.tasks = of_image * output.mb};
}

ScheduledKernel build(const Kernel &kernel, const Schedule &schedule, const Board &) {
    return std::visit(Builder{schedule.at("vector")}, kernel);
}

}  // namespace

const Template vector_lanes = {"vector_lanes", 1,     accepts, candidates, illegal,
                               cycles,         build, true,    nullptr,    parallel};

}  // namespace convoy::cpu
