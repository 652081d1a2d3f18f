#pragma once

#include <functional>
#include <string>
#include <vector>

#include "schedules/template.h"
#include "tests/kernels/differential/random.h"

namespace convoy {

// A kernel under one schedule, to be compared with plain loops.
struct Trial {
    Kernel kernel;
    Schedule schedule;
};

std::string to_string(const Trial &trial);

// A kernel whose layouts at least one template accepts.
Kernel random_kernel(Random &random, const Board &board);

// What an element may be off by, relative to the larger of 1 and the expected value: 0 where the
// activation computes exactly on integers.
double tolerance_of(const Kernel &kernel);

// The kernel under a schedule of each template that accepts it: a candidate, or a neighbour of one
// that is legal too. The reference template and that of the autoschedulers, slower than the
// others together, are drawn for a part of the kernels only.
std::vector<Trial> random_trials(const Kernel &kernel, Random &random, const Board &board);

// Whether a template accepts the kernel and calls the schedule legal.
bool is_legal(const Trial &trial, const Board &board);

// The trial with one feature less or one number smaller, the largest steps first; not all are
// legal.
std::vector<Trial> simpler(const Trial &trial, const Board &board);

// A trial that fails like the given one and of which no simpler one fails. `fails` is asked about
// legal trials only, `limit` times at most.
Trial shrink(Trial trial, const Board &board, int limit,
             const std::function<bool(const Trial &)> &fails);

}  // namespace convoy
