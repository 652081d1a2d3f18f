#pragma once

#include "generators/kernel.h"

namespace convoy {

// The same kernel on planes of another width, where only the number of pixels matters: a pointwise
// convolution of stride 1, or a normalization of the channels, on nchw planes without halo becomes
// one on rows of whole vectors.
// Other kernels are returned as they are.
Kernel flattened(const Kernel &kernel, int vector);

}  // namespace convoy
