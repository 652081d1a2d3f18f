#include "compiler/plan/plan.h"

namespace convoy {

int64_t macs(const Kernel &kernel) {
    if (const auto *product = std::get_if<MatMulKernel>(&kernel)) return product->macs();
    if (const auto *separable = std::get_if<SeparableConv2dKernel>(&kernel))
        return separable->depthwise.macs() + separable->pointwise().macs();
    if (const auto *two_level = std::get_if<TwoLevelConv2dKernel>(&kernel))
        return two_level->macs();
    const auto *conv = std::get_if<Conv2dKernel>(&kernel);
    return conv ? conv->problem.macs() : 0;
}

int64_t compulsory_bytes(const Kernel &kernel) {
    const auto bytes = [](const View &view) {
        return int64_t{view.mb} * view.padded_channels() * view.h * view.w * 4;
    };
    int64_t total =
        std::visit([&](const auto &k) { return bytes(k.input) + bytes(k.output); }, kernel);
    if (const auto *conv = std::get_if<Conv2dKernel>(&kernel)) {
        total += (conv->problem.weight_count() + conv->problem.oc) * 4;
    } else if (const auto *separable = std::get_if<SeparableConv2dKernel>(&kernel)) {
        const ConvProblem pointwise = separable->pointwise();
        total += (separable->depthwise.weight_count() + pointwise.weight_count()) * 4;
        total += (pointwise.ic + pointwise.oc) * 4;
    } else if (const auto *two_level = std::get_if<TwoLevelConv2dKernel>(&kernel)) {
        total += (two_level->weight_count() + two_level->problem.oc) * 4;
    }
    if (const auto *each = std::get_if<ElementwiseKernel>(&kernel)) {
        if (each->has_scale_shift) total += 8 * each->input.padded_channels();
    }
    if (const View *second = second_input(kernel)) total += bytes(*second);
    return total;
}

}  // namespace convoy
