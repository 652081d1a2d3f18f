#pragma once

#include <functional>
#include <string>
#include <vector>

#include "compiler/analyze/assembly.h"
#include "compiler/analyze/mca.h"
#include "compiler/emit/kernel_compiler.h"
#include "compiler/graph.h"

namespace convoy {

// What is known of a kernel of a board's library before it has run anywhere.
struct KernelAnalysis {
    Kernel kernel;
    std::vector<std::string> steps;  // the steps that it computes, as "resnet34_g8/conv1"
    RankedSchedule ranked;
    InnerLoop loop;
    McaPrediction prediction;

    // Of one pass of the loop: as predicted, but no fewer than the board's units need.
    double cycles(const Board &board) const;
    // Multiply-adds of the loop, of those that the board can do in this time.
    double peak_fraction(const Board &board) const;
};

struct AnalyzeOptions {
    int jobs = 2;
    double seconds_per_schedule = 60;
    ScheduleRules rules;
    std::function<void(const std::string &what, int done, int total)> progress;
    std::function<void(const std::string &)> warn;
};

// A model or a layer, read when it is its turn.
struct Analyzed {
    std::string name;  // before the steps' names; empty: they say it themselves
    std::function<Graph()> read;
};

// Compiles the distinct kernels of all models for the board, as a library would have them, and
// predicts their inner loops. Kernels without multiply-adds are left out. Throws what reading does,
// CompileError, ToolError, BoardError, Interrupted.
std::vector<KernelAnalysis> analyze(const std::vector<Analyzed> &models, const Board &board,
                                    const Mca &mca, const AnalyzeOptions &options);

}  // namespace convoy
