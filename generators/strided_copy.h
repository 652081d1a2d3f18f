#pragma once

#include "generators/stages.h"

namespace convoy {

// A strided copy: f32 input (element), output in the copy's dims, dense, innermost first.
struct StridedCopyStages {
    Halide::ImageParam input;
    Halide::Func output;
    std::vector<Halide::Var> dims;  // innermost first
    int inner_extent = 1;           // of dims[0]

    std::vector<Halide::Argument> arguments() const { return {input}; }
};

StridedCopyStages strided_copy(const StridedCopyKernel &kernel);

}  // namespace convoy
