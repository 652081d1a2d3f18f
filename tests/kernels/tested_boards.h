#pragma once

#include <string>
#include <vector>

namespace convoy {

// The boards whose kernels are tested: of every vector length, the one with the most features that
// this CPU has.
std::vector<std::string> tested_boards();

}  // namespace convoy
