#pragma once

#include <vector>

#include "compiler/plan/plan.h"
#include "targets/board.h"

namespace convoy {

// What moving a step's data once takes at least within a run of the network: each tensor comes from
// the memory that holds all that was touched since its last use, weights from one with room for all
// of a run.
struct StepMemory {
    double us = 0;
    const char *from = "L1";  // where most of the time goes
};

// One a step, on one core.
std::vector<StepMemory> step_memory(const Plan &plan, const Board &board);

}  // namespace convoy
