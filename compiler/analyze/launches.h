#pragma once

#include "compiler/analyze/used_kernels.h"
#include "compiler/emit/kernel_object.h"

namespace convoy {

// What one launch of a kernel is, and what ptxas makes of its code.
struct LaunchAnalysis : UsedKernel {
    KernelLaunch launch;
    int registers = 0;  // of a thread
    int spill_store_bytes = 0, spill_load_bytes = 0, stack_bytes = 0;
    // The basic block with most multiply-adds, in PTX.
    int fmas = 0, loads = 0, instructions = 0;

    // Part of the threads that a unit of the GPU has room for, by registers, shared memory and
    // blocks.
    double occupancy(const Board &board) const;
    // Of the loop's instructions: a unit starts one for each of its warps in turn.
    double fma_share() const { return instructions > 0 ? (double)fmas / instructions : 0; }
};

// CUDA's assembler: CONVOY_PTXAS, or the one on PATH or in /usr/local/cuda/bin.
class Ptxas {
public:
    // Throws ToolError saying what to install.
    Ptxas();
    // Assembles PTX for the board's device; returns what ptxas says of each function. `work`
    // receives intermediate files. Throws ToolError with its complaint.
    std::string assemble(const std::string &ptx, const Board &board,
                         const std::filesystem::path &work) const;

private:
    std::filesystem::path program_;
};

// Compiles the distinct kernels of all models for a CUDA board and assembles them. Throws what
// reading does, CompileError, ToolError, BoardError where the board has no PTX, Interrupted.
std::vector<LaunchAnalysis> analyze_launches(const std::vector<Analyzed> &models,
                                             const Board &board, const Ptxas &ptxas,
                                             const AnalyzeOptions &options);

}  // namespace convoy
