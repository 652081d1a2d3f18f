#include "compiler/plan/step_memory.h"

#include <algorithm>
#include <map>

#include "targets/roofline.h"

namespace convoy {

namespace {

int64_t constant_bytes(const PlanStep &step) {
    const auto bytes = [](const Constant &data) { return data ? (int64_t)data->size() * 4 : 0; };
    return step.constant_bytes + bytes(step.weights) + bytes(step.bias);
}

bool share_memory(const PlanTensor &a, const PlanTensor &b) {
    return a.place == PlanTensor::Place::arena && b.place == PlanTensor::Place::arena &&
           a.offset_bytes < b.offset_bytes + b.bytes() &&
           b.offset_bytes < a.offset_bytes + a.bytes();
}

}  // namespace

std::vector<StepMemory> step_memory(const Plan &plan, const Board &board) {
    std::vector<StepMemory> list;
    // Between a looped step's calls only the loop's data are touched.
    int64_t touched = 0, whole_run = 0, one_turn = 0;
    for (int s = 0; s < (int)plan.steps.size(); s++) {
        const int64_t bytes = compulsory_bytes(plan.steps[s].kernel);
        whole_run += plan.calls(s) * bytes;
        if (plan.is_looped(s)) one_turn += bytes;
    }
    std::map<int, int64_t> last_use;  // bytes touched until then, by tensor
    // Lines that are written whole are in a cache, or fetched first: since when depends on what lay
    // there before.
    const auto last_use_of_memory = [&](int tensor) {
        int64_t latest = -1;
        for (const auto &[other, use] : last_use) {
            if (other == tensor || share_memory(plan.tensors[tensor], plan.tensors[other]))
                latest = std::max(latest, use);
        }
        return latest;
    };
    for (int s = 0; s < (int)plan.steps.size(); s++) {
        const PlanStep &step = plan.steps[s];
        std::map<const char *, double> us;  // by memory
        const auto move = [&](int64_t bytes, int64_t footprint) {
            const Memory from = memory_for(board, footprint);
            us[from.name] += (double)bytes / from.bytes_per_cycle / (board.clock_ghz * 1e3);
        };
        const int64_t end = touched + compulsory_bytes(step.kernel);
        std::vector<Operand> operands = step.addend;
        operands.insert(operands.end(), {step.input, step.output});
        for (const Operand &operand : operands) {
            const int64_t known = last_use_of_memory(operand.tensor),
                          since = known < 0 ? whole_run : end - known;
            const PlanTensor &tensor = plan.tensors[operand.tensor];
            const int64_t stride = plan.is_looped(s) ? plan.image_stride_floats(tensor) : 0,
                          bytes = stride > 0 ? stride * 4 : tensor.bytes();
            move(bytes, since);
        }
        move(constant_bytes(step), plan.is_looped(s) ? one_turn : whole_run);
        touched = end;
        for (const Operand &operand : operands) last_use[operand.tensor] = touched;
        StepMemory &memory = list.emplace_back();
        double most = 0;
        for (const auto &[name, part] : us) {
            memory.us += part;
            if (part > most) most = part, memory.from = name;
        }
    }
    return list;
}

}  // namespace convoy
