#pragma once

#include "schedules/template.h"

namespace convoy::cpu {

// strassen_conv2d: a matrix product a number of Strassen's, in bands of rows whose sums of inputs
// stay in the second-level cache.
extern const Template strassen;

}  // namespace convoy::cpu
