#include "compiler/plan/constants.h"

#include <cstring>
#include <string_view>
#include <unordered_map>

#include "compiler/plan/memory_plan.h"
#include "compiler/plan/rounding.h"
#include "generators/pack_fused.h"

namespace convoy {

namespace {

class Packer {
public:
    int64_t add(const std::vector<float> &values) {
        const std::string_view bytes(reinterpret_cast<const char *>(values.data()),
                                     values.size() * 4);
        std::vector<int64_t> &same_hash = known_[std::hash<std::string_view>{}(bytes)];
        for (int64_t offset : same_hash) {
            const size_t at = size_t(offset) / 4;
            if (at + values.size() <= data.size() &&
                std::memcmp(&data[at], values.data(), bytes.size()) == 0)
                return offset;
        }
        const int64_t offset = (int64_t)data.size() * 4;
        data.insert(data.end(), values.begin(), values.end());
        while (data.size() * 4 % alignment_bytes) data.push_back(0);
        same_hash.push_back(offset);
        return offset;
    }

    std::vector<float> data;

private:
    std::unordered_map<size_t, std::vector<int64_t>> known_;
};

}  // namespace

ConstantPool pack_constants(Plan &plan, const std::vector<CompiledKernel> &kernels) {
    ConstantPool pool;
    Packer packer;
    for (PlanStep &step : plan.steps) {
        ConstantPool::Offsets offsets;
        const auto put = [&](const std::vector<float> &values) {
            step.constant_bytes += (int64_t)values.size() * 4;
            return packer.add(values);
        };
        const auto put_both = [&](const PackedConv2d &packed) {
            offsets.weights = put(packed.weights);
            offsets.bias = put(packed.bias);
        };
        const Schedule &schedule = kernels[step.kernel_index].ranked.schedule;
        if (const auto *conv = std::get_if<Conv2dKernel>(&step.kernel)) {
            const PackingOrder order(*conv, packing_of(*conv, schedule));
            if (step.weights) offsets.weights = put(order.weights(step.weights->data()));
            if (step.bias) offsets.bias = put(order.bias(step.bias->data()));
            step.relative_error = rounding_error(*conv, schedule, step.weights).of_largest();
        } else if (const auto *separable = std::get_if<SeparableConv2dKernel>(&step.kernel)) {
            put_both(pack_separable_conv2d(*separable, schedule.at("vector"), step.weights->data(),
                                           step.bias->data()));
        } else if (const auto *two_level = std::get_if<TwoLevelConv2dKernel>(&step.kernel)) {
            put_both(pack_two_level_conv2d(*two_level, schedule.at("vector"), step.weights->data(),
                                           step.bias->data()));
        } else if (const auto *each = std::get_if<ElementwiseKernel>(&step.kernel);
                   each && each->has_scale_shift) {
            offsets.weights = put(pack_channels(each->input, step.weights->data()));
            offsets.bias = put(pack_channels(each->input, step.bias->data()));
        } else if (const auto *norm = std::get_if<NormalizeKernel>(&step.kernel)) {
            offsets.weights = put(pack_channels(norm->input, step.weights->data()));
            offsets.bias = put(pack_channels(norm->input, step.bias->data()));
        }
        if (std::holds_alternative<ResampleKernel>(step.kernel)) {
            offsets.weights = put(*step.weights);
            offsets.bias = put(*step.bias);
        }
        step.weights.reset();
        step.bias.reset();
        pool.steps.push_back(offsets);
    }
    for (PlanTensor &tensor : plan.tensors) {
        if (tensor.place != PlanTensor::Place::constant) continue;
        tensor.offset_bytes = packer.add(*tensor.data);
        tensor.data.reset();
    }
    pool.data = std::move(packer.data);
    return pool;
}

}  // namespace convoy
