#include "schedules/operands.h"

#include "generators/pack_fused.h"
#include "schedules/template.h"

namespace convoy {

const View &input_view(const Kernel &kernel) {
    return std::visit([](const auto &k) -> const View & { return k.input; }, kernel);
}

const View &output_view(const Kernel &kernel) {
    return std::visit([](const auto &k) -> const View & { return k.output; }, kernel);
}

int64_t input_offset(const Kernel &) {
    return 0;
}

int64_t addend_offset(const Kernel &kernel) {
    const View *residual = residual_of(kernel);
    return residual ? residual->origin() : 0;
}

int64_t output_offset(const Kernel &kernel) {
    const View &output = output_view(kernel);
    const auto *reorder = std::get_if<ReorderKernel>(&kernel);
    const int first_block = reorder ? reorder->first_channel / output.layout.block : 0;
    return output.origin() + first_block * output.plane_stride();
}

std::vector<std::vector<float>> pack_constants(const Kernel &kernel, const Schedule &schedule,
                                               const std::vector<float> &weights_or_scale,
                                               const std::vector<float> &bias_or_shift) {
    if (const auto *conv = std::get_if<Conv2dKernel>(&kernel)) {
        PackedConv2d packed = pack_conv2d(*conv, packing_of(*conv, schedule),
                                          weights_or_scale.data(), bias_or_shift.data());
        return {std::move(packed.weights), std::move(packed.bias)};
    }
    if (std::holds_alternative<ResampleKernel>(kernel)) return {weights_or_scale, bias_or_shift};
    if (const auto *separable = std::get_if<SeparableConv2dKernel>(&kernel)) {
        PackedConv2d packed = pack_separable_conv2d(*separable, schedule.at("vector"),
                                                    weights_or_scale.data(), bias_or_shift.data());
        return {std::move(packed.weights), std::move(packed.bias)};
    }
    if (const auto *two_level = std::get_if<TwoLevelConv2dKernel>(&kernel)) {
        PackedConv2d packed = pack_two_level_conv2d(*two_level, schedule.at("vector"),
                                                    weights_or_scale.data(), bias_or_shift.data());
        return {std::move(packed.weights), std::move(packed.bias)};
    }
    const auto *elementwise = std::get_if<ElementwiseKernel>(&kernel);
    if (elementwise && elementwise->has_scale_shift) {
        return {pack_channels(elementwise->input, weights_or_scale.data()),
                pack_channels(elementwise->input, bias_or_shift.data())};
    }
    if (const auto *norm = std::get_if<NormalizeKernel>(&kernel)) {
        return {pack_channels(norm->input, weights_or_scale.data()),
                pack_channels(norm->input, bias_or_shift.data())};
    }
    return {};
}

}  // namespace convoy
