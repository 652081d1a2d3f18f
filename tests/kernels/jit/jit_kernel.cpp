#include "tests/kernels/jit/jit_kernel.h"

#include <stdexcept>

#include "generators/pack_fused.h"

namespace convoy {

JitKernel::JitKernel(const Kernel &kernel, const Schedule &schedule, const Board &board) {
    ScheduledKernel built = template_of(schedule, board).build(kernel, schedule);
    argument_count_ = built.arguments.size() + 1;
    const Halide::Target target = Halide::Target(board.halide_target)
                                      .with_feature(Halide::Target::JIT)
                                      .with_feature(Halide::Target::NoAsserts)
                                      .with_feature(Halide::Target::NoBoundsQuery);
    callable_ = built.output.compile_to_callable(built.arguments, target);
}

JitCall::JitCall(const JitKernel &kernel, const std::vector<float *> &pointers)
    : callable_(kernel.callable_), buffers_(pointers.size(), halide_buffer_t{}) {
    if (pointers.size() != kernel.argument_count_) {
        throw std::runtime_error("the kernel has " + std::to_string(kernel.argument_count_) +
                                 " arguments, not " + std::to_string(pointers.size()));
    }
    arguments_.push_back(&context_pointer_);
    for (size_t i = 0; i < pointers.size(); i++) {
        buffers_[i].host = reinterpret_cast<uint8_t *>(pointers[i]);
        arguments_.push_back(&buffers_[i]);
    }
}

void JitCall::operator()() {
    if (const int error = callable_.call_argv_fast(arguments_.size(), arguments_.data()))
        throw std::runtime_error("the kernel returned error " + std::to_string(error));
}

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
    if (std::holds_alternative<NormalizeKernel>(kernel)) return {weights_or_scale, bias_or_shift};
    return {};
}

}  // namespace convoy
