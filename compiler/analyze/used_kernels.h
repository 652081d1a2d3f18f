#pragma once

#include <functional>
#include <string>
#include <vector>

#include "compiler/emit/kernel_compiler.h"
#include "compiler/graph.h"

namespace convoy {

// A kernel of the libraries of some models.
struct UsedKernel {
    Kernel kernel;
    std::vector<std::string>
        steps;  // the steps that it computes, as "resnet34_g8/conv1", once a call
    RankedSchedule ranked;
    ScheduleRules rules;  // of the first model that has it
};

struct AnalyzeOptions {
    int jobs = 2;
    double seconds_per_schedule = 60;
    ScheduleRules rules;
    std::vector<std::filesystem::path> record_files;
    std::function<void(const std::string &what, int done, int total)> progress;
    std::function<void(const std::string &)> warn;
};

// A model or a layer, read when it is its turn.
struct Analyzed {
    std::string name;  // before the steps' names; empty: they say it themselves
    std::function<Graph()> read;
};

// Says how far an analysis is; throws Interrupted.
void report(const AnalyzeOptions &options, const std::string &what, int done, int total);

// The kernels of all models that multiply, each once, not compiled yet.
std::vector<UsedKernel> used_kernels(const std::vector<Analyzed> &models, const Board &board,
                                     const Records &records, const AnalyzeOptions &options);

// Compiles them as a library's, the files into `work`, and sets what schedules they have.
std::vector<CompiledKernel> compile_used(std::vector<UsedKernel *> kernels, const Board &board,
                                         const Records &records, bool assembly,
                                         const std::filesystem::path &work,
                                         const AnalyzeOptions &options);

}  // namespace convoy
