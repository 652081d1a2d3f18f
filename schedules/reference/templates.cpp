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
#include "generators/softmax.h"
#include "generators/strided_copy.h"
#include "schedules/template.h"

// Halide's default schedule, plain loops: legal for every kernel that a generator accepts, on every
// target.

namespace convoy {

namespace {

bool accepts(const Kernel &kernel, const Board &board) {
    if (const auto *conv = std::get_if<Conv2dKernel>(&kernel)) {
        return grouped_conv2d_accepts(*conv) || conv2d_accepts(*conv, board.vector_floats);
    }
    if (const auto *copy = std::get_if<ReorderKernel>(&kernel))
        return reorder_accepts(*copy, board.vector_floats);
    return !is_plain(kernel) || has_plain_layouts(kernel);
}

std::vector<Schedule> candidates(const Kernel &, const Board &board) {
    return {{"reference", {{"vector", board.vector_floats}}}};
}

std::string illegal(const Kernel &kernel, const Schedule &schedule, const Board &board) {
    if (!accepts(kernel, board)) return "no generator accepts these layouts";
    const auto vector = schedule.parameters.find("vector");
    if (vector == schedule.parameters.end() || vector->second != board.vector_floats) {
        return "vector must be the board's " + std::to_string(board.vector_floats);
    }
    return "";
}

// One scalar multiply-add or element at a time.
double cycles(const Kernel &kernel, const Schedule &, const Board &board) {
    if (const auto *conv = std::get_if<Conv2dKernel>(&kernel)) {
        return (double)conv->problem.macs() * board.fma_latency_cycles;
    }
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
            GroupedConv2dStages s = grouped_conv2d(kernel);
            s.accumulator.compute_at(s.output, s.lane);
            return {s.output, s.arguments()};
        }
        Conv2dStages s = conv2d(kernel, vector);
        s.accumulator.compute_at(s.output, s.lane);
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
        s.output.reorder(s.c, s.lane, s.w, s.h, s.image);
        s.sum.compute_at(s.output, s.lane);
        s.squares.compute_at(s.output, s.lane);
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

ScheduledKernel build(const Kernel &kernel, const Schedule &schedule) {
    return std::visit(Builder{schedule.at("vector")}, kernel);
}

constexpr Template templates[] = {{"reference", 1, accepts, candidates, illegal, cycles, build}};

}  // namespace

std::span<const Template> reference_templates() {
    return templates;
}

}  // namespace convoy
