#include "compiler/analyze/used_kernels.h"

#include <algorithm>

#include "compiler/interrupt.h"
#include "compiler/passes/optimize.h"
#include "compiler/plan/plan_network.h"

namespace convoy {

void report(const AnalyzeOptions &options, const std::string &what, int done, int total) {
    if (options.progress) options.progress(what, done, total);
    throw_if_interrupted();
}

std::vector<UsedKernel> used_kernels(const std::vector<Analyzed> &models, const Board &board,
                                     const Records &records, const AnalyzeOptions &options) {
    std::vector<UsedKernel> list;
    for (size_t at = 0; at < models.size(); at++) {
        report(options, "choosing layouts", (int)at, (int)models.size());
        Graph graph = models[at].read();
        optimize(graph);
        const PlannedNetwork network = plan_network(graph, board, records, options.rules);
        const Plan &plan = network.plan;
        for (int s = 0; s < (int)plan.steps.size(); s++) {
            const PlanStep &step = plan.steps[s];
            if (macs(step.kernel) == 0) continue;
            const auto same = [&](const UsedKernel &used) { return used.kernel == step.kernel; };
            auto found = std::find_if(list.begin(), list.end(), same);
            if (found == list.end())
                found = list.insert(list.end(), {step.kernel, {}, {}, network.rules});
            const std::string &model = models[at].name;
            found->steps.insert(found->steps.end(), plan.calls(s),
                                model.empty() ? step.name : model + "/" + step.name);
        }
    }
    return list;
}

std::vector<CompiledKernel> compile_used(std::vector<UsedKernel *> used, const Board &board,
                                         const Records &records, bool assembly,
                                         const std::filesystem::path &work,
                                         const AnalyzeOptions &options) {
    std::vector<Kernel> kernels;
    KernelCompileOptions compile;
    compile.jobs = options.jobs;
    compile.seconds_per_schedule = options.seconds_per_schedule;
    compile.rules = options.rules;
    for (const UsedKernel *kernel : used) {
        kernels.push_back(kernel->kernel);
        const auto &limits = kernel->rules.limits;
        compile.rules.limits.insert(compile.rules.limits.end(), limits.begin(), limits.end());
    }
    compile.warn = options.warn;
    compile.assembly = assembly;
    compile.progress = [&](int done, int total) {
        report(options, "compiling kernels for " + board.name, done, total);
    };
    std::vector<CompiledKernel> compiled =
        compile_kernels(kernels, board, records, "", work, compile);
    for (size_t at = 0; at < used.size(); at++) used[at]->ranked = compiled[at].ranked;
    return compiled;
}

}  // namespace convoy
