#pragma once

#include "schedules/template.h"

namespace convoy::cpu {

// Depthwise and pointwise convolution in one kernel: all channels of a band of the intermediate lie
// on the stack while register tiles of oc vectors read them.
extern const Template separable;

}  // namespace convoy::cpu
