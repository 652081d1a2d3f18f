#include <algorithm>
#include <nlohmann/json.hpp>

#include "compiler/emit/library.h"
#include "compiler/plan/step_memory.h"
#include "generators/activation_cost.h"
#include "targets/roofline.h"

namespace convoy {

namespace {

using nlohmann::ordered_json;

ordered_json tensors_json(const std::vector<Value> &values) {
    ordered_json list = ordered_json::array();
    for (const Value &value : values) list.push_back({{"name", value.name}, {"dims", value.dims}});
    return list;
}

double microseconds(double cycles, const Board &board) {
    return cycles / (board.clock_ghz * 1e3);
}

// What a convolution's or an elementwise kernel's activations take beside what the roofline counts.
double activation_us(const Kernel &kernel, const Board &board) {
    const auto of = [&](const Activation &activation, const View &view, int channels) {
        const double elements = (double)view.mb * channels * view.h * view.w;
        return microseconds(elements * activation_instructions(activation) /
                                (board.vector_floats * board.fma_per_cycle),
                            board);
    };
    double us = 0;
    if (const auto *separable = std::get_if<SeparableConv2dKernel>(&kernel))
        us += of(separable->middle, separable->output, separable->depthwise.oc);
    std::visit(
        [&](const auto &k) {
            if constexpr (requires { k.activation; }) us += of(k.activation, k.output, k.output.c);
        },
        kernel);
    return us;
}

ordered_json record_json(const Record &record) {
    return {{"source", record.source},   {"kernel", record.kernel},
            {"cpu", record.cpu},         {"threads", record.threads},
            {"time_us", record.time_us}, {"default_us", record.default_us}};
}

// Of all its calls in a run.
ordered_json step_json(const Variant &variant, int s, const StepMemory &memory) {
    const PlanStep &step = variant.plan.steps[s];
    const int calls = variant.plan.calls(s);
    const int64_t step_macs = macs(step.kernel), bytes = compulsory_bytes(step.kernel);
    const RankedSchedule &ranked = variant.kernels[step.kernel_index].ranked;
    ordered_json json = {{"name", step.name},
                         {"kernel", to_string(step.kernel)},
                         {"calls", calls},
                         {"macs", calls * step_macs},
                         {"bytes", calls * bytes},
                         {"roofline_us", calls * roofline_us(variant.board, step_macs, bytes)},
                         {"memory_us", calls * memory.us},
                         {"memory", memory.from},
                         {"activation_us", calls * activation_us(step.kernel, variant.board)},
                         {"expected_us", calls * microseconds(ranked.cycles, variant.board)},
                         {"schedule",
                          {{"template", ranked.schedule.template_name},
                           {"version", template_of(ranked.schedule, variant.board).version},
                           {"parameters", ranked.schedule.parameters}}},
                         {"schedule_from", ranked.from_record() ? "record" : "model"}};
    if (!variant.board.gpu) json["most_threads"] = ranked.most_threads;
    if (ranked.record) json["record"] = record_json(*ranked.record);
    if (step.relative_error > 0) json["relative_error"] = step.relative_error;
    return json;
}

ordered_json variant_json(const Variant &variant, const std::string &system) {
    ordered_json steps = ordered_json::array();
    double expected_us = 0;
    int64_t total_macs = 0;
    const std::vector<StepMemory> memory = step_memory(variant.plan, variant.board);
    for (size_t at = 0; at < memory.size(); at++) {
        steps.push_back(step_json(variant, (int)at, memory[at]));
        expected_us += steps.back()["expected_us"].get<double>();
        total_macs += steps.back()["macs"].get<int64_t>();
    }
    return {{"board", variant.board.name},
            {"system", system},
            {"halide_target", variant.board.halide_target},
            {"peak_gflops", variant.board.peak_gflops()},
            {"macs", total_macs},
            {"kernels", variant.kernels.size()},
            {"arena_bytes", variant.arena_bytes()},
            {"largest_live_bytes", variant.plan.largest_live_bytes},
            {"scratch_bytes", variant.scratch_bytes()},
            {"weight_bytes", variant.constants.bytes()},
            {"expected_us", expected_us},
            {"relative_error", variant.plan.relative_error},
            {"steps", steps}};
}

}  // namespace

std::string manifest(const std::vector<Library> &package) {
    ordered_json variants = ordered_json::array(), libraries = ordered_json::array();
    int64_t arena_bytes = 0, weight_bytes = 0;
    for (const Library &library : package) {
        for (const Variant &variant : library.variants)
            variants.push_back(variant_json(variant, library.system));
        libraries.push_back({{"system", library.system},
                             {"file", library.file.generic_string()},
                             {"arena_bytes", library.arena_bytes()},
                             {"weight_bytes", library.constant_bytes()}});
        arena_bytes = std::max(arena_bytes, library.arena_bytes());
        weight_bytes += library.constant_bytes();
    }
    const Library &library = package.front();
    ordered_json json = {{"name", library.name},
                         {"source", library.source},
                         {"convoy", CONVOY_VERSION},
                         {"halide", HALIDE_VERSION},
                         {"parameters", library.parameters},
                         {"threads", library.threads},
                         {"inputs", tensors_json(library.inputs)},
                         {"outputs", tensors_json(library.outputs)},
                         {"arena_bytes", arena_bytes},
                         {"weight_bytes", weight_bytes},
                         {"libraries", libraries},
                         {"boards", variants}};
    if (library.weights) {
        json["pack"] = {{"weights", library.weights->dims},
                        {"input", library.packed_input},
                        {"packed_bytes", library.packed_bytes()}};
        if (library.bias) json["pack"]["bias"] = library.bias->dims;
    }
    // Names come from the model: what is not UTF-8 is replaced.
    return json.dump(2, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace convoy
