#pragma once

#include <vector>

#include "compiler/analyze/assembly.h"
#include "compiler/analyze/mca.h"
#include "compiler/analyze/used_kernels.h"

namespace convoy {

// What is known of a kernel of a CPU's library before it has run anywhere.
struct KernelAnalysis : UsedKernel {
    InnerLoop loop;
    McaPrediction prediction;

    // Of one pass of the loop: as predicted, but no fewer than the board's units need.
    double cycles(const Board &board) const;
    // Multiply-adds of the loop, of those that the board can do in this time.
    double peak_fraction(const Board &board) const;
};

// Compiles the distinct kernels of all models for a CPU's board, as a library would have them, and
// predicts their inner loops. Kernels without multiply-adds are left out. Throws what reading does,
// CompileError, ToolError, BoardError, Interrupted.
std::vector<KernelAnalysis> analyze(const std::vector<Analyzed> &models, const Board &board,
                                    const Mca &mca, const AnalyzeOptions &options);

}  // namespace convoy
