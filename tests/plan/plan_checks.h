#pragma once

#include "compiler/graph.h"
#include "compiler/plan/plan.h"

namespace convoy {

// Fail the running test where a plan breaks a rule.

// Every step reads what was written before, writes within its tensor and never to an input; every
// output is written; kernels are distinct and belong to their steps; no work is lost.
void check_steps(const Graph &graph, const Plan &plan);

// Tensors of the arena are aligned, lie inside it and never overlap while both are live; the
// largest live set is what the plan says. Lifetimes are found anew from the steps.
void check_memory(const Plan &plan);

}  // namespace convoy
