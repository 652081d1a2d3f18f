#include "schedules/gpu/reference.h"

#include "generators/channel_shuffle.h"
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
#include "schedules/gpu/cost.h"

namespace convoy::gpu {

using namespace Halide;

namespace {

constexpr int block_threads = 128;

const View &output_of(const Kernel &kernel) {
    return std::visit([](const auto &k) -> const View & { return k.output; }, kernel);
}

// A thread for each point of all dims but `inner`, which it walks itself. Returns the thread's
// variable.
Var spread(Func &output, std::vector<Var> outer, const std::vector<Var> &inner, int64_t points) {
    Var all("all"), block("block"), thread("thread");
    output.fuse(outer[0], outer[1], all);
    for (size_t d = 2; d < outer.size(); d++) output.fuse(all, outer[d], all);
    const int threads = (int)std::min<int64_t>(points, block_threads);
    output.split(all, block, thread, threads, TailStrategy::GuardWithIf);
    std::vector<VarOrRVar> order(inner.begin(), inner.end());
    order.insert(order.end(), {thread, block});
    output.reorder(order).gpu_blocks(block).gpu_threads(thread);
    return thread;
}

struct Builder {
    const View &output;

    int64_t points() const { return output.floats(); }

    // One output whose elements need nothing beside each other.
    template<typename Stages>
    ScheduledKernel by_elements(Stages s) const {
        spread(s.output, {s.w, s.h, s.block, s.image}, {s.lane}, points());
        return {s.output, s.arguments()};
    }
    // Kernels that need all channels of a pixel.
    template<typename Stages>
    Var spread_pixels(Stages &s) const {
        return spread(s.output, {s.w, s.h, s.image}, {s.lane, s.c},
                      int64_t{output.w} * output.h * output.mb);
    }

    ScheduledKernel operator()(const Conv2dKernel &kernel) const {
        GroupedConv2dStages s = grouped_conv2d(kernel, 1);
        const Var thread =
            spread(s.output, {s.ow, s.oh, s.oc, s.group, s.image}, {s.lane}, points());
        s.accumulator.compute_at(s.output, thread);
        return {s.output, s.arguments()};
    }
    // What lies between is computed anew by each thread.
    ScheduledKernel operator()(const SeparableConv2dKernel &kernel) const {
        SeparableConv2dStages s = separable_conv2d(kernel, 1);
        const Var thread =
            spread(s.output, {s.ow, s.oh, s.oc, s.group, s.image}, {s.lane, s.sub}, points());
        s.accumulator.compute_at(s.output, thread);
        s.depthwise.compute_at(s.accumulator, s.ic);
        return {s.output, s.arguments()};
    }
    ScheduledKernel operator()(const TwoLevelConv2dKernel &kernel) const {
        TwoLevelConv2dStages s = two_level_conv2d(kernel, 1);
        const Var thread =
            spread(s.output, {s.ow, s.oh, s.oc, s.group, s.image}, {s.lane, s.sub}, points());
        s.accumulator.compute_at(s.output, thread);
        s.representatives.compute_at(s.accumulator, s.representative);
        s.lane_sums.compute_at(s.representatives, s.group);
        return {s.output, s.arguments()};
    }
    ScheduledKernel operator()(const Pool2dKernel &kernel) const {
        Pool2dStages s = pool2d(kernel);
        const Var thread = spread(s.output, {s.ow, s.oh, s.block, s.image}, {s.lane}, points());
        s.pooled.compute_at(s.output, thread);
        return {s.output, s.arguments()};
    }
    ScheduledKernel operator()(const ElementwiseKernel &kernel) const {
        return by_elements(elementwise(kernel));
    }
    ScheduledKernel operator()(const ReorderKernel &kernel) const {
        return by_elements(reorder(kernel));
    }
    ScheduledKernel operator()(const ResampleKernel &kernel) const {
        return by_elements(resample(kernel));
    }
    ScheduledKernel operator()(const ChannelShuffleKernel &kernel) const {
        return by_elements(channel_shuffle(kernel));
    }
    ScheduledKernel operator()(const StridedCopyKernel &) const;
    ScheduledKernel operator()(const MatMulKernel &kernel) const {
        MatMulStages s = matmul(kernel);
        const Var thread = spread(s.output, {s.n, s.m, s.c, s.image}, {s.lane}, points());
        s.product.compute_at(s.output, thread);
        return {s.output, s.arguments()};
    }
    ScheduledKernel operator()(const ReduceKernel &kernel) const {
        ReduceStages s = reduce(kernel);
        s.reduced.compute_at(s.output, spread_pixels(s));
        return {s.output, s.arguments()};
    }
    ScheduledKernel operator()(const NormalizeKernel &kernel) const {
        NormalizeStages s = normalize(kernel);
        const Var thread = spread_pixels(s);
        s.lane_sums.compute_at(s.output, thread);
        s.lane_squares.compute_at(s.output, thread);
        s.inverse.compute_at(s.output, thread);
        return {s.output, s.arguments()};
    }
    ScheduledKernel operator()(const SoftmaxKernel &kernel) const {
        SoftmaxStages s = softmax(kernel);
        const Var thread = spread_pixels(s);
        s.largest.compute_at(s.output, thread);
        s.sum.compute_at(s.output, thread);
        return {s.output, s.arguments()};
    }
};

ScheduledKernel Builder::operator()(const StridedCopyKernel &kernel) const {
    StridedCopyStages s = strided_copy(kernel);
    std::vector<Var> dims = s.dims;
    Var one("one");
    if (dims.size() == 1) {
        s.output.split(dims[0], one, dims[0], (int)points());
        dims.push_back(one);
    }
    spread(s.output, dims, {}, points());
    return {s.output, s.arguments()};
}

bool accepts(const Kernel &kernel, const Board &) {
    return has_plain_layouts(kernel);
}

// `vector` is what fused convolutions' weights are packed in.
std::vector<Schedule> candidates(const Kernel &, const Board &, Span) {
    return {{"reference", {{"vector", 1}}}};
}

std::string illegal(const Kernel &kernel, const Schedule &schedule, const Board &board) {
    if (!accepts(kernel, board)) return "no generator accepts these layouts";
    const auto vector = schedule.parameters.find("vector");
    return vector != schedule.parameters.end() && vector->second == 1 ? "" : "vector must be 1";
}

// Multiply-adds, or as much, of one element.
double work(const Kernel &kernel) {
    if (const auto *conv = std::get_if<Conv2dKernel>(&kernel))
        return (double)conv->problem.ic_per_group() * conv->problem.kh * conv->problem.kw;
    if (const auto *conv = std::get_if<SeparableConv2dKernel>(&kernel))
        return (double)conv->depthwise.ic * (conv->depthwise.kh * conv->depthwise.kw + 1);
    if (const auto *conv = std::get_if<TwoLevelConv2dKernel>(&kernel)) {
        const ConvProblem &p = conv->problem;
        return (double)p.ic_per_group() * p.kh * p.kw * (p.g + 1) + p.g;
    }
    if (const auto *pool = std::get_if<Pool2dKernel>(&kernel))
        return pool->problem.kh * pool->problem.kw;
    if (const auto *product = std::get_if<MatMulKernel>(&kernel)) return product->depth();
    if (const auto *sample = std::get_if<ResampleKernel>(&kernel)) return 3.0 * sample->taps;
    return 2;
}

double cycles(const Kernel &kernel, const Schedule &, const Board &board) {
    const View &output = output_of(kernel);
    const View &input = std::visit([](const auto &k) -> const View & { return k.input; }, kernel);
    const bool by_pixels = std::holds_alternative<ReduceKernel>(kernel) ||
                           std::holds_alternative<NormalizeKernel>(kernel) ||
                           std::holds_alternative<SoftmaxKernel>(kernel);
    const double threads = by_pixels ? (double)output.mb * output.h * output.w
                                     : (double)output.mb * output.c * output.h * output.w;
    Launch l;
    l.threads = (int)std::min(threads, (double)block_threads);
    l.blocks = std::ceil(threads / l.threads);
    l.fmas = by_pixels ? 10.0 * input.c : work(kernel);
    l.loads = by_pixels ? 3.0 * input.c : 2 * work(kernel);
    l.waits = by_pixels ? input.c : work(kernel) / 4;
    l.bytes = 4.0 * (input.floats() + output.floats());
    l.l2_bytes = l.bytes;
    return cycles_of(board, l);
}

ScheduledKernel build(const Kernel &kernel, const Schedule &, const Board &) {
    return std::visit(Builder{output_of(kernel)}, kernel);
}

}  // namespace

const Template reference = {"reference", 1, accepts, candidates, illegal, cycles, build};

}  // namespace convoy::gpu
