#pragma once

#include <string>

namespace convoy {

// What a convolution's loops depend on: its text (generators/kernel.h) without the number of
// images, the halos and what follows its sums. A schedule that is fast for one of these is fast for
// all.
struct SimilarKernel {
    std::string text;  // empty for what is not a convolution alone
    int images = 1;
};
SimilarKernel similar_kernel(const std::string &kernel);

}  // namespace convoy
