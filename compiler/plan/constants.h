#pragma once

#include <cstdint>
#include <vector>

#include "compiler/emit/kernel_compiler.h"
#include "compiler/plan/plan.h"

namespace convoy {

// The packed constants of a plan in one blob, each aligned; equal ones are stored once.
struct ConstantPool {
    std::vector<float> data;
    // Where each step's weights (or scale) and bias (or shift) start, in bytes; -1 where it has
    // none.
    struct Offsets {
        int64_t weights = -1, bias = -1;
    };
    std::vector<Offsets> steps;

    int64_t bytes() const { return (int64_t)data.size() * 4; }
};

// Packs what each step's kernel and schedule ask for. The plan's unpacked constants are released as
// it goes.
ConstantPool pack_constants(Plan &plan, const std::vector<CompiledKernel> &kernels);

}  // namespace convoy
