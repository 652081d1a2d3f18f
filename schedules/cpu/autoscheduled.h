#pragma once

#include "schedules/template.h"

namespace convoy::cpu {

// Convolutions as Halide's autoschedulers schedule them: for the tuner to measure beside the
// others. No compilation takes one without a record.
extern const Template autoscheduled;

}  // namespace convoy::cpu
