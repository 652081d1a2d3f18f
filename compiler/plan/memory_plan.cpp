#include "compiler/plan/memory_plan.h"

#include <algorithm>
#include <limits>
#include <numeric>

namespace convoy {

namespace {

int64_t aligned(int64_t bytes) {
    return (bytes + alignment_bytes - 1) / alignment_bytes * alignment_bytes;
}

void find_lifetimes(Plan &plan) {
    std::vector<bool> seen(plan.tensors.size(), false);
    for (int s = 0; s < (int)plan.steps.size(); s++) {
        const PlanStep &step = plan.steps[s];
        const auto touch = [&](int tensor) {
            PlanTensor &t = plan.tensors[tensor];
            if (!seen[tensor]) t.first_step = s;
            seen[tensor] = true;
            t.last_step = s;
        };
        touch(step.input.tensor);
        touch(step.output.tensor);
        for (const Operand &operand : step.addend) touch(operand.tensor);
        for (const auto &constant : {step.runtime_weights, step.runtime_bias}) {
            if (!constant) continue;
            touch(constant->tensor);
            touch(constant->packed.tensor);
        }
    }
}

// What all images' turns leave something in is live during all of them.
void extend_over_loop(Plan &plan) {
    for (PlanTensor &tensor : plan.tensors) {
        if (!plan.holds_loop_images(tensor)) continue;
        tensor.first_step = 0;
        tensor.last_step = std::max(tensor.last_step, plan.looped_steps - 1);
    }
}

bool live_together(const PlanTensor &a, const PlanTensor &b) {
    return a.first_step <= b.last_step && b.first_step <= a.last_step;
}

// Places tensors in the given order, each in the tightest gap that its contemporaries leave;
// returns the total.
int64_t place(std::vector<PlanTensor> &tensors, const std::vector<int> &order) {
    int64_t total = 0;
    std::vector<int> placed;
    for (int t : order) {
        std::vector<std::pair<int64_t, int64_t>> taken;
        for (int other : placed) {
            if (!live_together(tensors[t], tensors[other])) continue;
            taken.push_back({tensors[other].offset_bytes,
                             tensors[other].offset_bytes + aligned(tensors[other].bytes())});
        }
        std::sort(taken.begin(), taken.end());
        const int64_t size = aligned(tensors[t].bytes());
        int64_t at = 0, best = -1, best_gap = std::numeric_limits<int64_t>::max();
        for (const auto &[begin, end] : taken) {
            if (begin - at >= size && begin - at < best_gap) best = at, best_gap = begin - at;
            at = std::max(at, end);
        }
        tensors[t].offset_bytes = best >= 0 ? best : at;
        total = std::max(total, tensors[t].offset_bytes + size);
        placed.push_back(t);
    }
    return total;
}

}  // namespace

void plan_memory(Plan &plan, bool keeps_halos) {
    find_lifetimes(plan);
    extend_over_loop(plan);
    for (PlanTensor &tensor : plan.tensors) {
        if (keeps_halos && tensor.needs_halo_zeroed())
            tensor.first_step = 0, tensor.last_step = (int)plan.steps.size() - 1;
    }
    std::vector<int> in_arena;
    for (int t = 0; t < (int)plan.tensors.size(); t++) {
        if (plan.tensors[t].place == PlanTensor::Place::arena) in_arena.push_back(t);
    }
    plan.largest_live_bytes = 0;
    for (int s = 0; s < (int)plan.steps.size(); s++) {
        int64_t live = 0;
        for (int t : in_arena) {
            const PlanTensor &tensor = plan.tensors[t];
            if (tensor.first_step <= s && s <= tensor.last_step) live += aligned(tensor.bytes());
        }
        plan.largest_live_bytes = std::max(plan.largest_live_bytes, live);
    }
    // No one order is best for every graph; all are cheap.
    const auto &tensors = plan.tensors;
    const auto length = [&](int t) { return tensors[t].last_step - tensors[t].first_step; };
    std::vector<int> by_size = in_arena, by_area = in_arena, by_length = in_arena;
    std::stable_sort(by_size.begin(), by_size.end(),
                     [&](int a, int b) { return tensors[a].bytes() > tensors[b].bytes(); });
    std::stable_sort(by_area.begin(), by_area.end(), [&](int a, int b) {
        return tensors[a].bytes() * (length(a) + 1) > tensors[b].bytes() * (length(b) + 1);
    });
    std::stable_sort(by_length.begin(), by_length.end(),
                     [&](int a, int b) { return length(a) > length(b); });

    plan.arena_bytes = std::numeric_limits<int64_t>::max();
    for (std::vector<int> order : {by_size, by_area, by_length, in_arena}) {
        // What ends up on top goes first in the next attempt.
        for (int attempts = 0; attempts < 50 && plan.arena_bytes > plan.largest_live_bytes;
             attempts++) {
            std::vector<PlanTensor> attempt = plan.tensors;
            const int64_t total = place(attempt, order);
            const auto top = std::find_if(order.begin(), order.end(), [&](int t) {
                return attempt[t].offset_bytes + aligned(attempt[t].bytes()) == total;
            });
            if (top != order.end()) std::rotate(order.begin(), top, top + 1);
            if (total < plan.arena_bytes) plan.arena_bytes = total, plan.tensors = attempt;
        }
    }
    for (const PlanTensor &tensor : plan.tensors) {
        if (plan.is_in_lane(tensor))
            plan.lane_bytes =
                std::max(plan.lane_bytes, tensor.offset_bytes + aligned(tensor.bytes()));
    }
}

}  // namespace convoy
