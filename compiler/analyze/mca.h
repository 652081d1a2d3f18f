#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "targets/board.h"

namespace convoy {

// What llvm-mca predicts for instructions that run again and again.
struct McaPrediction {
    double cycles = 0;  // of one pass
    double instructions_per_cycle = 0;
    std::string busiest_unit;  // of the processor's, by LLVM's name
    double busy = 0;           // part of the time it is
    double dispatched = 0;     // part of the micro-operations that the processor could start
};

// What the loop is limited by: a unit that is hardly ever idle, by LLVM's name; "dispatch", the
// micro-operations started in a cycle; or else "latency", waiting for results.
std::string bottleneck(const McaPrediction &prediction);

// LLVM's machine code analyzer, of version 17 or later: CONVOY_LLVM_MCA, or the newest on PATH.
class Mca {
public:
    // Throws ToolError saying what to install.
    Mca();

    // `work` receives intermediate files. Throws ToolError with llvm-mca's first line of complaint,
    // BoardError where the board names no processor for it.
    McaPrediction predict(const std::vector<std::string> &instructions, const Board &board,
                          const std::filesystem::path &work) const;
    // As "llvm-mca 19.1.7".
    const std::string &version() const { return version_; }

private:
    std::filesystem::path program_;
    std::string version_;
};

}  // namespace convoy
