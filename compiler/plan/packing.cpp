#include "compiler/plan/packing.h"

#include <algorithm>
#include <stdexcept>

#include "compiler/plan/memory_plan.h"

namespace convoy {

namespace {

constexpr int64_t overread_floats = 64;  // vectors may read past the end

View row(int64_t floats) {
    return {.w = (int)floats};
}

// Calls place(constant, floats) for each constant of the step that is packed at run time.
template<typename Place>
void pack_step(PlanStep &step, const std::vector<CompiledKernel> &kernels, Place place) {
    if (!step.runtime_weights && !step.runtime_bias) return;
    const auto &conv = std::get<Conv2dKernel>(step.kernel);
    const PackingOrder order(conv, packing_of(conv, kernels[step.kernel_index].ranked.schedule));
    step.packing = std::make_shared<const PackingOrder>(order);
    if (step.runtime_weights) place(*step.runtime_weights, order.weight_floats());
    if (step.runtime_bias) place(*step.runtime_bias, order.bias_floats());
}

}  // namespace

void plan_packing(Plan &plan, const std::vector<CompiledKernel> &kernels) {
    for (PlanStep &step : plan.steps) {
        pack_step(step, kernels, [&](RuntimeConstant &constant, int64_t floats) {
            const std::string name = plan.tensors[constant.tensor].name + " packed";
            constant.packed = {(int)plan.tensors.size(), 0};
            plan.tensors.push_back({name, row(floats), PlanTensor::Place::arena});
        });
    }
}

void plan_packing_ahead(Plan &plan, const std::vector<CompiledKernel> &kernels) {
    const int packed = (int)plan.tensors.size();
    int64_t floats = 0;
    std::vector<int> replaced;  // graph inputs
    for (PlanStep &step : plan.steps) {
        pack_step(step, kernels, [&](RuntimeConstant &constant, int64_t size) {
            const PlanTensor &dense = plan.tensors[constant.tensor];
            if (dense.place != PlanTensor::Place::input)
                throw std::logic_error(dense.name + " is computed, it cannot be packed ahead");
            replaced.push_back(dense.index);
            constant.packed = {packed, floats};
            floats += (size + 15) / 16 * 16;  // each aligned to 64 bytes
        });
    }
    plan.packed_input = *std::min_element(replaced.begin(), replaced.end());
    plan.packed_floats = floats + overread_floats;
    // The inputs behind those that are replaced move up.
    for (PlanTensor &tensor : plan.tensors) {
        if (tensor.place != PlanTensor::Place::input || tensor.index <= plan.packed_input) continue;
        const auto before = [&](int index) { return index < tensor.index; };
        tensor.index += 1 - (int)std::count_if(replaced.begin(), replaced.end(), before);
    }
    plan.tensors.push_back(
        {"packed", row(plan.packed_floats), PlanTensor::Place::input, plan.packed_input});
}

}  // namespace convoy
