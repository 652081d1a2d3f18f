#include "tests/plan/plan_checks.h"

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "compiler/plan/memory_plan.h"
#include "generators/zero_padded.h"

namespace convoy {

namespace {

using Place = PlanTensor::Place;

const View &input_view(const Kernel &kernel) {
    return std::visit([](const auto &k) -> const View & { return k.input; }, kernel);
}

const View &output_view(const Kernel &kernel) {
    return std::visit([](const auto &k) -> const View & { return k.output; }, kernel);
}

// Where channel 0 of the kernel's output starts in its tensor, halo and channels before included.
int64_t output_start(const PlanStep &step) {
    const View &view = output_view(step.kernel);
    const auto *reorder = std::get_if<ReorderKernel>(&step.kernel);
    const int64_t blocks_before = reorder ? reorder->first_channel / view.layout.block : 0;
    return step.output.offset_floats - view.origin() - blocks_before * view.plane_stride();
}

bool halo_covers_pads(const ConvProblem &p, const Halo &halo) {
    const int rows_read = (p.oh - 1) * p.sh + (p.kh - 1) * p.dh + 1;
    const int columns_read = (p.ow - 1) * p.sw + (p.kw - 1) * p.dw + 1;
    return halo.top >= p.ph && halo.left >= p.pw && halo.bottom >= rows_read - p.ph - p.ih &&
           halo.right >= columns_read - p.pw - p.iw;
}

// What one call of a step finds of a tensor: an image of those that have all in the loop.
int64_t floats_for(const Plan &plan, int step, const PlanTensor &tensor) {
    const int64_t stride = plan.image_stride_floats(tensor);
    return plan.is_looped(step) && stride > 0 ? stride : tensor.view.floats();
}

void check_step(const Plan &plan, int s, const std::set<int> &written) {
    const PlanStep &step = plan.steps[s];
    const PlanTensor &in = plan.tensors.at(step.input.tensor),
                     &out = plan.tensors.at(step.output.tensor);
    EXPECT_TRUE(written.contains(step.input.tensor)) << in.name << " is read before it is written";
    EXPECT_EQ(step.input.offset_floats, 0);
    EXPECT_LE(input_view(step.kernel).floats(), floats_for(plan, s, in))
        << "reads beyond " << in.name;
    EXPECT_NE(out.place, Place::input) << "writes the input " << out.name;
    EXPECT_EQ(output_start(step), 0);
    EXPECT_LE(output_view(step.kernel).floats(), floats_for(plan, s, out))
        << "writes beyond " << out.name;
    EXPECT_NE(step.input.tensor, step.output.tensor);
    for (const Operand &operand : step.addend) {
        const PlanTensor &addend = plan.tensors.at(operand.tensor);
        EXPECT_TRUE(written.contains(operand.tensor)) << addend.name << " is read too early";
        EXPECT_EQ(addend.view.layout, output_view(step.kernel).layout);
        EXPECT_GE(operand.offset_floats, 0);
        EXPECT_LE(operand.offset_floats, addend.view.origin());
    }
    if (const ConvProblem *window = window_of(step.kernel)) {
        EXPECT_EQ(step.addend.size(), residual_of(step.kernel) ? 1u : 0u);
        // A network's image has no halo, and its kernel pads it.
        const auto *conv = std::get_if<Conv2dKernel>(&step.kernel);
        EXPECT_TRUE(conv && lacks_reach(*conv)
                        ? in.place == Place::input
                        : halo_covers_pads(*window, input_view(step.kernel).halo));
    }
    if (const auto *conv = std::get_if<Conv2dKernel>(&step.kernel)) {
        ASSERT_TRUE(step.weights && step.bias);
        EXPECT_EQ((int64_t)step.weights->size(), conv->problem.weight_count());
        EXPECT_EQ((int)step.bias->size(), conv->problem.oc);
    }
}

}  // namespace

void check_steps(const Graph &graph, const Plan &plan) {
    std::set<int> written;
    for (int t = 0; t < (int)plan.tensors.size(); t++) {
        const PlanTensor &tensor = plan.tensors[t];
        if (tensor.place == Place::input || tensor.place == Place::constant) written.insert(t);
        if (tensor.place == Place::constant) {
            ASSERT_TRUE(tensor.data) << tensor.name;
            EXPECT_EQ((int64_t)tensor.data->size(), tensor.view.floats()) << tensor.name;
        }
        if (tensor.place == Place::input || tensor.place == Place::output) {
            const auto &values = tensor.place == Place::input ? graph.inputs : graph.outputs;
            EXPECT_EQ(tensor.view.floats(), graph.values[values.at(tensor.index)].count())
                << tensor.name << " is the caller's: dense, without halo or padding";
        }
    }
    std::set<std::string> kernels;
    for (const Kernel &kernel : plan.kernels) {
        EXPECT_TRUE(kernels.insert(to_string(kernel)).second) << to_string(kernel) << " twice";
    }
    std::set<std::string> used;
    int64_t total_macs = 0;
    for (int s = 0; s < (int)plan.steps.size(); s++) {
        const PlanStep &step = plan.steps[s];
        SCOPED_TRACE(step.name + ": " + to_string(step.kernel));
        check_step(plan, s, written);
        written.insert(step.output.tensor);
        EXPECT_EQ(to_string(plan.kernels.at(step.kernel_index)), to_string(step.kernel));
        EXPECT_EQ(plan.kernels.at(step.kernel_index), step.kernel) << "same text, other kernel";
        used.insert(to_string(step.kernel));
        total_macs += plan.calls(s) * macs(step.kernel);
    }
    EXPECT_EQ(used, kernels);
    EXPECT_GE(total_macs, graph.macs());
    // A thousand are nothing, though more than 5 % of the smallest networks.
    EXPECT_LE((double)total_macs, 1.05 * (double)graph.macs() + 1000)
        << "padded channels cost too much";
    std::set<int> outputs;
    for (int t : written) {
        if (plan.tensors[t].place == Place::output) outputs.insert(plan.tensors[t].index);
    }
    EXPECT_EQ(outputs.size(), graph.outputs.size());
}

namespace {

struct Lifetime {
    int first = -1, last = -1;
};

std::vector<Lifetime> lifetimes(const Plan &plan) {
    std::vector<Lifetime> list(plan.tensors.size());
    for (int s = 0; s < (int)plan.steps.size(); s++) {
        const PlanStep &step = plan.steps[s];
        std::vector<Operand> operands = step.addend;
        operands.push_back(step.input);
        operands.push_back(step.output);
        for (const Operand &operand : operands) {
            Lifetime &life = list.at(operand.tensor);
            if (life.first < 0) life.first = s;
            life.last = s;
        }
    }
    // What holds all images is live as long as their turns last.
    for (size_t t = 0; t < list.size(); t++) {
        Lifetime &life = list[t];
        if (life.first >= plan.looped_steps || plan.image_stride_floats(plan.tensors[t]) == 0)
            continue;
        life = {0, std::max(life.last, plan.looped_steps - 1)};
    }
    return list;
}

}  // namespace

void check_memory(const Plan &plan) {
    const std::vector<Lifetime> lives = lifetimes(plan);
    std::vector<int64_t> live_bytes(plan.steps.size(), 0);
    for (size_t a = 0; a < plan.tensors.size(); a++) {
        const PlanTensor &tensor = plan.tensors[a];
        if (tensor.place != Place::arena) continue;
        ASSERT_GE(lives[a].first, 0) << tensor.name << " is never used";
        EXPECT_EQ(tensor.first_step, lives[a].first) << tensor.name;
        EXPECT_EQ(tensor.last_step, lives[a].last) << tensor.name;
        EXPECT_EQ(tensor.offset_bytes % alignment_bytes, 0) << tensor.name;
        EXPECT_GE(tensor.offset_bytes, 0) << tensor.name;
        EXPECT_LE(tensor.offset_bytes + tensor.bytes(), plan.arena_bytes) << tensor.name;
        for (int s = lives[a].first; s <= lives[a].last; s++)
            live_bytes[s] +=
                (tensor.bytes() + alignment_bytes - 1) / alignment_bytes * alignment_bytes;
        for (size_t b = 0; b < a; b++) {
            const PlanTensor &other = plan.tensors[b];
            if (other.place != Place::arena) continue;
            if (lives[a].last < lives[b].first || lives[b].last < lives[a].first) continue;
            EXPECT_TRUE(tensor.offset_bytes + tensor.bytes() <= other.offset_bytes ||
                        other.offset_bytes + other.bytes() <= tensor.offset_bytes)
                << tensor.name << " and " << other.name << " overlap while both are live";
        }
    }
    const auto largest = std::max_element(live_bytes.begin(), live_bytes.end());
    EXPECT_EQ(plan.largest_live_bytes, largest == live_bytes.end() ? 0 : *largest);
    EXPECT_GE(plan.arena_bytes, plan.largest_live_bytes);
}

}  // namespace convoy
