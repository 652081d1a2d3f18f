#pragma once

#include <string>

namespace convoy {

// What a convolution's loops depend on: its text (generators/kernel.h) without the halos and what
// follows its sums. A schedule that is fast for one of these is fast for all. Empty for what is not
// a convolution alone.
std::string similar_kernel(const std::string &kernel);

}  // namespace convoy
