#pragma once

#include <string>
#include <vector>

namespace convoy {

// The boards whose kernels are tested: of every vector length, the one with the most features that
// this CPU has. Or the one that CONVOY_TEST_BOARD names; kernels of arm64 run under an emulator.
std::vector<std::string> tested_boards();

}  // namespace convoy
