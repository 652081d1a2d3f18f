#include "compiler/plan/constants.h"

#include <cstring>
#include <random>
#include <string_view>
#include <unordered_map>

#include "compiler/plan/memory_plan.h"
#include "compiler/plan/strassen_error.h"
#include "compiler/plan/winograd_error.h"
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

// In place of weights that are not known before run time.
Constant random_weights(int64_t count) {
    std::mt19937 random(1);
    std::normal_distribution<float> normal;
    std::vector<float> weights((size_t)count);
    for (float &weight : weights) weight = normal(random);
    return std::make_shared<const std::vector<float>>(std::move(weights));
}

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
            const Packing packing = packing_of(*conv, schedule);
            const PackingOrder order(*conv, packing);
            if (step.weights) offsets.weights = put(order.weights(step.weights->data()));
            if (step.bias) offsets.bias = put(order.bias(step.bias->data()));
            if (packing.m > 0) {
                const Constant weights =
                    step.weights ? step.weights : random_weights(conv->problem.weight_count());
                step.relative_error =
                    packing.form == Packing::Form::strassen
                        ? strassen_error(conv->problem, packing.m, weights->data())
                        : winograd_error(conv->problem, packing.m,
                                         packing.form == Packing::Form::winograd_rows,
                                         weights->data());
            }
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
