#include "generators/channel_shuffle.h"
#include "generators/conv2d.h"
#include "generators/elementwise.h"
#include "generators/grouped_conv2d.h"
#include "generators/matmul.h"
#include "generators/normalize.h"
#include "generators/pool2d.h"
#include "generators/reduce.h"
#include "generators/reorder.h"
#include "generators/resample.h"
#include "generators/separable_conv2d.h"
#include "generators/softmax.h"
#include "generators/strided_copy.h"
#include "generators/two_level_conv2d.h"
#include "schedules/template.h"

// Halide's default schedule, plain loops: legal for every kernel that a generator accepts, on every
// target.

namespace convoy {

namespace {

// Output channels of one vector of the weights. The fused convolutions write nchw too, one channel
// after another.
int vector_of(const Kernel &kernel, const Board &board) {
    const auto of = [&](const View &output) {
        return output.layout.block == 1 ? 1 : board.vector_floats;
    };
    // Groups may have half a vector's channels more than whole vectors.
    const auto *plain = std::get_if<Conv2dKernel>(&kernel);
    if (plain && !conv2d_accepts(*plain, board.vector_floats) &&
        conv2d_accepts(*plain, board.vector_floats / 2))
        return board.vector_floats / 2;
    if (const auto *conv = std::get_if<SeparableConv2dKernel>(&kernel)) return of(conv->output);
    if (const auto *conv = std::get_if<TwoLevelConv2dKernel>(&kernel)) return of(conv->output);
    return board.vector_floats;
}

bool accepts(const Kernel &kernel, const Board &board) {
    if (const auto *conv = std::get_if<Conv2dKernel>(&kernel)) {
        return grouped_conv2d_accepts(*conv) || conv2d_accepts(*conv, vector_of(kernel, board));
    }
    if (const auto *conv = std::get_if<SeparableConv2dKernel>(&kernel))
        return separable_conv2d_accepts(*conv, vector_of(kernel, board));
    if (const auto *conv = std::get_if<TwoLevelConv2dKernel>(&kernel))
        return two_level_conv2d_accepts(*conv, vector_of(kernel, board));
    if (const auto *copy = std::get_if<ReorderKernel>(&kernel))
        return reorder_accepts(*copy, board.vector_floats);
    if (const auto *norm = std::get_if<NormalizeKernel>(&kernel)) return normalize_accepts(*norm);
    return !is_plain(kernel) || has_plain_layouts(kernel);
}

std::vector<Schedule> candidates(const Kernel &kernel, const Board &board, Span) {
    return {{"reference", {{"vector", vector_of(kernel, board)}}}};
}

std::string illegal(const Kernel &kernel, const Schedule &schedule, const Board &board) {
    if (!accepts(kernel, board)) return "no generator accepts these layouts";
    const auto vector = schedule.parameters.find("vector");
    if (vector == schedule.parameters.end() || vector->second != vector_of(kernel, board)) {
        return vector_of(kernel, board) == 1
                   ? std::string("vector must be 1 for nchw")
                   : "vector must be " + std::to_string(vector_of(kernel, board));
    }
    return "";
}

// One scalar multiply-add or element at a time.
double cycles(const Kernel &kernel, const Schedule &, const Board &board) {
    if (const auto *conv = std::get_if<Conv2dKernel>(&kernel)) {
        return (double)conv->problem.macs() * board.fma_latency_cycles;
    }
    if (const auto *conv = std::get_if<SeparableConv2dKernel>(&kernel)) {
        return (double)(conv->depthwise.macs() * conv->oc + conv->pointwise().macs()) *
               board.fma_latency_cycles;
    }
    if (const auto *conv = std::get_if<TwoLevelConv2dKernel>(&kernel))
        return (double)conv->macs() * conv->problem.oc * board.fma_latency_cycles;
    const View &output = std::visit([](const auto &k) -> const View & { return k.output; }, kernel);
    double work = (double)output.floats() * 4;
    if (const auto *product = std::get_if<MatMulKernel>(&kernel)) work = 8.0 * product->macs();
    if (std::holds_alternative<ReduceKernel>(kernel))
        work *= std::get<ReduceKernel>(kernel).input.c;
    if (const auto *pool = std::get_if<Pool2dKernel>(&kernel))
        work *= pool->problem.kh * pool->problem.kw;
    return work;
}

struct Builder {
    int vector;

    ScheduledKernel operator()(const Conv2dKernel &kernel) const {
        if (grouped_conv2d_accepts(kernel)) {
            GroupedConv2dStages s = grouped_conv2d(kernel, 1);
            s.accumulator.compute_at(s.output, s.lane);
            return {s.output, s.arguments()};
        }
        Conv2dStages s = conv2d(kernel, vector);
        s.accumulator.compute_at(s.output, s.lane);
        if (s.padded.is_used()) s.padded.rows.compute_root();
        return {s.output, s.arguments()};
    }
    // What lies between is computed anew for every vector: a pixel of it always fits the stack.
    ScheduledKernel operator()(const SeparableConv2dKernel &kernel) const {
        SeparableConv2dStages s = separable_conv2d(kernel, vector);
        s.accumulator.compute_at(s.output, s.lane);
        s.intermediate.compute_at(s.output, s.ow);
        s.depthwise.compute_at(s.intermediate, s.c);
        return {s.output, s.arguments()};
    }
    ScheduledKernel operator()(const TwoLevelConv2dKernel &kernel) const {
        TwoLevelConv2dStages s = two_level_conv2d(kernel, vector);
        s.accumulator.compute_at(s.output, s.lane);
        s.representatives.compute_at(s.output, s.ow);
        s.lane_sums.compute_at(s.representatives, s.group);
        return {s.output, s.arguments()};
    }
    ScheduledKernel operator()(const Pool2dKernel &kernel) const {
        Pool2dStages s = pool2d(kernel);
        s.pooled.compute_at(s.output, s.lane);
        return {s.output, s.arguments()};
    }
    ScheduledKernel operator()(const ElementwiseKernel &kernel) const {
        ElementwiseStages s = elementwise(kernel);
        return {s.output, s.arguments()};
    }
    ScheduledKernel operator()(const ReorderKernel &kernel) const {
        ReorderStages s = reorder(kernel);
        return {s.output, s.arguments()};
    }
    ScheduledKernel operator()(const ReduceKernel &kernel) const {
        ReduceStages s = reduce(kernel);
        s.reduced.compute_at(s.output, s.lane);
        return {s.output, s.arguments()};
    }
    ScheduledKernel operator()(const NormalizeKernel &kernel) const {
        NormalizeStages s = normalize(kernel);
        s.output.reorder(s.lane, s.c, s.w, s.h, s.image);
        s.lane_sums.compute_at(s.output, s.w);
        s.lane_squares.compute_at(s.output, s.w);
        if (kernel.input.layout.block > 1) {
            s.sum.compute_at(s.output, s.w);
            s.squares.compute_at(s.output, s.w);
        }
        return {s.output, s.arguments()};
    }
    ScheduledKernel operator()(const MatMulKernel &kernel) const {
        MatMulStages s = matmul(kernel);
        s.product.compute_at(s.output, s.lane);
        return {s.output, s.arguments()};
    }
    ScheduledKernel operator()(const StridedCopyKernel &kernel) const {
        StridedCopyStages s = strided_copy(kernel);
        return {s.output, s.arguments()};
    }
    ScheduledKernel operator()(const ResampleKernel &kernel) const {
        ResampleStages s = resample(kernel);
        return {s.output, s.arguments()};
    }
    ScheduledKernel operator()(const SoftmaxKernel &kernel) const {
        SoftmaxStages s = softmax(kernel);
        s.output.reorder(s.c, s.lane, s.w, s.h, s.image);
        s.largest.compute_at(s.output, s.lane);
        s.sum.compute_at(s.output, s.lane);
        return {s.output, s.arguments()};
    }
    ScheduledKernel operator()(const ChannelShuffleKernel &kernel) const {
        ChannelShuffleStages s = channel_shuffle(kernel);
        return {s.output, s.arguments()};
    }
};

ScheduledKernel build(const Kernel &kernel, const Schedule &schedule, const Board &) {
    return std::visit(Builder{schedule.at("vector")}, kernel);
}

ParallelLoops parallel(const Kernel &, const Schedule &, const Board &) {
    return {.tasks = 1};  // none
}

constexpr Template templates[] = {
    {"reference", 1, accepts, candidates, illegal, cycles, build, true, nullptr, parallel}};

}  // namespace

std::span<const Template> reference_templates() {
    return templates;
}

}  // namespace convoy
