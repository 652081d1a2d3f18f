#pragma once

#include "schedules/template.h"

namespace convoy {

// What several threads make of a kernel's time. Cycles are those of one thread where nothing else
// is said.

// The most threads that pay: on so many, each still has a task, and as much to do as it costs to
// share the work. One for a kernel that gains nothing from a second.
int most_threads(double cycles, const ParallelLoops &loops, const Board &board);

// The time on so many threads, of which those that pay are used.
double cycles_on(int threads, double cycles, const ParallelLoops &loops, const Board &board);

// The other way: the time on one thread of what was measured on so many.
double cycles_of_one(int threads, double measured, const ParallelLoops &loops, const Board &board);

}  // namespace convoy
