#pragma once

#include <string>

#include "schedules/template.h"
#include "tests/kernels/kernel_reference.h"

namespace convoy {

// A kernel with data to run it on and the result to expect.
struct KernelCase {
    Kernel kernel;
    Operands operands;
    Tensor expected;
    double tolerance = 0;  // relative to the larger of 1 and the expected value

    explicit KernelCase(Kernel k, double tolerance_ = 0);
    KernelCase(Kernel k, Operands data, double tolerance_);
};

// Compiles the kernel under a schedule and runs it. Returns what is wrong, empty when nothing is:
// an element that differs from the expected one, a pad lane that is not finite, a float outside the
// output's planes (halo cells, other channels, memory before and after) that was written.
// Everything the kernel has no business to read (halo beyond the pads, memory around) is a large
// number.
std::string what_is_wrong(const KernelCase &test, const Schedule &schedule, const Board &board);

}  // namespace convoy
