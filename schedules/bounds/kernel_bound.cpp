#include "schedules/bounds/kernel_bound.h"

#include <algorithm>

namespace convoy {

namespace {

constexpr double float_bytes = 4;

double bytes_of(const View &view) {
    return float_bytes * view.mb * view.c * view.h * view.w;
}

template<typename K>
double residual_bytes(const K &kernel) {
    return kernel.residual ? bytes_of(*kernel.residual) : 0;
}

KernelBound plus(KernelBound bound, double bytes) {
    bound.traffic.program_bytes += bytes;
    bound.traffic.compulsory_bytes += bytes;
    return bound;
}

KernelBound bound_of(const ConvProblem &problem, int64_t cache_bytes) {
    return {traffic_bound(problem, cache_bytes), best_tiling(problem, cache_bytes)};
}

using Bound = std::optional<KernelBound>;

Bound bound(const Conv2dKernel &kernel, int64_t cache_bytes) {
    return plus(bound_of(kernel.problem, cache_bytes), residual_bytes(kernel));
}

Bound bound(const SeparableConv2dKernel &kernel, int64_t cache_bytes) {
    const ConvProblem &depthwise = kernel.depthwise, pointwise = kernel.pointwise();
    KernelBound bound = bound_of(pointwise, cache_bytes);
    const double intermediate =
        float_bytes * pointwise.mb * pointwise.ic * pointwise.ih * pointwise.iw;
    const double read = traffic_bound(depthwise, cache_bytes).compulsory_bytes - intermediate;
    TrafficBound &traffic = bound.traffic;
    traffic.program_bytes = std::max(0.0, traffic.program_bytes - intermediate);
    traffic.compulsory_bytes -= intermediate;
    return plus(bound, read + residual_bytes(kernel));
}

Bound bound(const TwoLevelConv2dKernel &kernel, int64_t cache_bytes) {
    const ConvProblem &p = kernel.problem;
    const double other_weights = float_bytes * (double)(kernel.weight_count() - p.weight_count());
    return plus(bound_of(p, cache_bytes), other_weights + residual_bytes(kernel));
}

Bound bound(const MatMulKernel &kernel, int64_t cache_bytes) {
    const View &output = kernel.output;
    const int batches = output.mb * output.c;
    const auto has_all = [&](const View &view) { return view.mb * view.c == batches; };
    const auto is_shared = [&](const View &view) { return view.mb * view.c == 1; };
    ConvProblem p;  // rows are columns of the plane, the product's columns are output channels
    p.ow = output.h;
    int columns = output.w;
    if (has_all(kernel.input) && has_all(kernel.right)) {
        p.g = batches;
    } else if (has_all(kernel.input) && is_shared(kernel.right)) {
        p.ow *= batches;
    } else if (is_shared(kernel.input) && has_all(kernel.right)) {
        columns *= batches;
    } else {
        return {};
    }
    p.iw = p.ow, p.ic = p.g * kernel.depth(), p.oc = p.g * columns;
    return bound_of(p, cache_bytes);
}

template<typename Other>
Bound bound(const Other &, int64_t) {
    return {};
}

}  // namespace

std::optional<KernelBound> kernel_bound(const Kernel &kernel, int64_t cache_bytes) {
    return std::visit([&](const auto &k) { return bound(k, cache_bytes); }, kernel);
}

}  // namespace convoy
