#pragma once

#include "compiler/plan/plan.h"

namespace convoy {

// Alignment of every tensor in the arena, of the arena itself and of packed constants.
constexpr int64_t alignment_bytes = 64;

// Gives every arena tensor its offset: tensors that are live at the same step do not overlap. Sets
// first_step, last_step, arena_bytes and largest_live_bytes. Where halos are kept, being zeroed
// once and not in each run, nothing overlaps a tensor that has one.
void plan_memory(Plan &plan, bool keeps_halos = false);

}  // namespace convoy
