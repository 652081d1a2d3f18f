#pragma once

#include "schedules/template.h"

namespace convoy::gpu {

// Depthwise and pointwise convolution, a block's intermediate channels in shared memory.
extern const Template separable;

}  // namespace convoy::gpu
