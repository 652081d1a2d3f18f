#include "compiler/analyze/analyze.h"

#include <algorithm>
#include <fstream>
#include <iterator>

#include "compiler/emit/staging.h"
#include "compiler/interrupt.h"
#include "compiler/passes/optimize.h"
#include "compiler/plan/fuse_layers.h"
#include "compiler/plan/layout_assignment.h"
#include "compiler/plan/lower.h"

namespace convoy {

namespace {

namespace fs = std::filesystem;

std::string read_file(const fs::path &file) {
    std::ifstream stream(file);
    return {std::istreambuf_iterator<char>(stream), {}};
}

void report(const AnalyzeOptions &options, const std::string &what, int done, int total) {
    if (options.progress) options.progress(what, done, total);
    throw_if_interrupted();
}

double peak_macs_per_cycle(const Board &board) {
    return board.fma_per_cycle * board.vector_floats;
}

// The kernels of all models that multiply, each once, with the steps that they compute.
std::vector<KernelAnalysis> distinct_kernels(const std::vector<Analyzed> &models,
                                             const Board &board, const Records &records,
                                             const AnalyzeOptions &options) {
    std::vector<KernelAnalysis> list;
    for (size_t at = 0; at < models.size(); at++) {
        report(options, "choosing layouts", (int)at, (int)models.size());
        Graph graph = models[at].read();
        optimize(graph);
        graph = fuse_layers(graph, board, records, options.rules);
        const Plan plan = lower(graph, assign_layouts(graph, board, records, options.rules), board);
        for (const PlanStep &step : plan.steps) {
            if (macs(step.kernel) == 0) continue;
            const auto same = [&](const KernelAnalysis &a) { return a.kernel == step.kernel; };
            auto found = std::find_if(list.begin(), list.end(), same);
            if (found == list.end()) found = list.insert(list.end(), {step.kernel, {}, {}, {}, {}});
            const std::string &model = models[at].name;
            found->steps.push_back(model.empty() ? step.name : model + "/" + step.name);
        }
    }
    return list;
}

}  // namespace

double KernelAnalysis::cycles(const Board &board) const {
    return std::max(prediction.cycles, (double)loop.macs / peak_macs_per_cycle(board));
}

double KernelAnalysis::peak_fraction(const Board &board) const {
    return (double)loop.macs / (cycles(board) * peak_macs_per_cycle(board));
}

std::vector<KernelAnalysis> analyze(const std::vector<Analyzed> &models, const Board &board,
                                    const Mca &mca, const AnalyzeOptions &options) {
    const Records records = load_records(board.name);
    std::vector<KernelAnalysis> list = distinct_kernels(models, board, records, options);
    std::vector<Kernel> kernels;
    for (const KernelAnalysis &analysis : list) kernels.push_back(analysis.kernel);

    const Staging staging(fs::temp_directory_path());
    KernelCompileOptions compile;
    compile.jobs = options.jobs;
    compile.seconds_per_schedule = options.seconds_per_schedule;
    compile.rules = options.rules;
    compile.warn = options.warn;
    compile.assembly = true;
    compile.progress = [&](int done, int total) {
        report(options, "compiling kernels for " + board.name, done, total);
    };
    const std::vector<CompiledKernel> compiled =
        compile_kernels(kernels, board, records, "", staging.work(), compile);
    for (size_t at = 0; at < list.size(); at++) {
        report(options, "predicting loops", (int)at, (int)list.size());
        list[at].ranked = compiled[at].ranked;
        list[at].loop = inner_loop(read_file(compiled[at].assembly));
        if (list[at].loop.macs > 0)
            list[at].prediction = mca.predict(list[at].loop.instructions, board, staging.work());
    }
    std::erase_if(list, [](const KernelAnalysis &a) { return a.loop.macs == 0; });
    return list;
}

}  // namespace convoy
