#include "schedules/search/features.h"

#include <cmath>
#include <cstring>

#include "schedules/operands.h"

namespace convoy {

namespace {

const ConvProblem *problem_of(const Kernel &kernel) {
    if (const auto *conv = std::get_if<Conv2dKernel>(&kernel)) return &conv->problem;
    if (const auto *separable = std::get_if<SeparableConv2dKernel>(&kernel))
        return &separable->depthwise;
    if (const auto *two_level = std::get_if<TwoLevelConv2dKernel>(&kernel))
        return &two_level->problem;
    return nullptr;
}

// What is computed over what is asked for, where `tile` does not divide `extent`.
double waste(int extent, int tile) {
    return tile < 1 ? 1 : (double)((extent + tile - 1) / tile) * tile / extent;
}

// A number for a template's name, the same in every process.
int number_of(const std::string &name, const Board &board) {
    int number = 0;
    for (const Template *t : templates_for(board)) {
        if (name == t->name) break;
        number++;
    }
    return number;
}

}  // namespace

std::map<std::string, double> features_of(const Kernel &kernel, const Schedule &schedule,
                                          const Board &board, double predicted_cycles) {
    std::map<std::string, double> f;
    int accumulators = 1, threads = 1;  // of a thread; of a GPU's block
    for (const auto &[name, value] : schedule.parameters) {
        f["p." + name] = value;
        if (name.starts_with("tile_") && name != "tile_ic" && name != "tile_x")
            accumulators *= value;
        if (name.starts_with("threads") || name == "parts") threads *= value;
    }
    f["template"] = number_of(schedule.template_name, board);
    f["accumulators"] = accumulators;
    const auto parameter = [&](const char *name) {
        const auto found = schedule.parameters.find(name);
        return found == schedule.parameters.end() ? 1 : found->second;
    };
    if (const ConvProblem *p = problem_of(kernel)) {
        f["waste_ow"] =
            waste(p->ow, parameter("tile_ow") * parameter("vector_ow") * parameter("threads_ow"));
        f["waste_oh"] = waste(p->oh, parameter("tile_oh") * parameter("threads_oh"));
        f["waste_oc"] = waste(p->oc_per_group(), parameter("tile_oc"));
        f["ic"] = std::log2(p->ic_per_group());
        f["oc"] = std::log2(p->oc_per_group());
        f["g"] = std::log2(p->g);
        f["ow"] = std::log2(p->ow);
        f["oh"] = std::log2(p->oh);
        f["kh"] = p->kh;
        f["kw"] = p->kw;
        f["sw"] = p->sw;
        f["taps_ow"] = (parameter("tile_ow") - 1) * p->sw + p->kw;
        f["taps_oh"] = (parameter("tile_oh") - 1) * p->sh + p->kh;
        f["weights"] = std::log2((double)p->weight_count());
    }
    const double multiplies = (double)macs(kernel);
    f["macs"] = std::log2(multiplies + 1);
    f["predicted"] =
        std::log2(predicted_cycles * board.vector_floats * board.fma_per_cycle / (multiplies + 1));
    f["block_in"] = input_view(kernel).layout.block;
    f["block_out"] = output_view(kernel).layout.block;
    f["residual"] = residual_of(kernel) != nullptr;
    f["b.vector"] = board.vector_floats;
    f["b.registers"] = board.vector_registers;
    f["b.fma"] = board.fma_per_cycle;
    f["b.l2"] = std::log2(board.l2_bytes);
    if (board.gpu) {
        f["threads"] = std::log2(threads);
        f["b.units"] = board.gpu->units;
        f["b.threads"] = board.gpu->threads_per_unit;
        f["b.unit_registers"] = board.gpu->registers_per_unit;
        f["b.shared"] = std::log2(board.gpu->shared_bytes_per_unit);
    } else {
        f["b.l1d"] = std::log2(board.l1d_bytes);
    }
    return f;
}

}  // namespace convoy
