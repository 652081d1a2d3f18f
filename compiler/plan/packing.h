#pragma once

#include "compiler/emit/kernel_compiler.h"
#include "compiler/plan/plan.h"

namespace convoy {

// Gives the weights and biases that are not known before run time the place where they lie packed,
// once the kernels' schedules are known: tensors of the arena, filled before each step that reads
// them. Before plan_memory().
void plan_packing(Plan &plan, const std::vector<CompiledKernel> &kernels);

// The same for a plan of one layer, whose weights and bias are graph inputs: in place of these, the
// library has an input that holds both, packed beforehand.
void plan_packing_ahead(Plan &plan, const std::vector<CompiledKernel> &kernels);

}  // namespace convoy
