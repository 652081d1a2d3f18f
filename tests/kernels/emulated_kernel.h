#pragma once

#include <vector>

#include "schedules/template.h"
#include "tests/kernels/device/device_driver.h"

namespace convoy {

// Whether the board's code cannot run in this process.
bool is_foreign(const Board &board);

// Compiles a kernel for a board of arm64, as a library has it, and runs it once under an emulator.
// The last operand receives the output. Throws std::runtime_error when that fails.
void run_emulated(const Kernel &kernel, const Schedule &schedule, const Board &board,
                  const std::vector<device_operand> &operands);

}  // namespace convoy
