#pragma once

#include "compiler/graph.h"
#include "compiler/plan/relative_error.h"
#include "generators/kernel.h"
#include "schedules/schedule.h"

namespace convoy {

// What a schedule that is not exact errs on a convolution with these weights (oc, ic/g, kh, kw),
// measured; on random weights where they are null, as at run time. None where it is exact.
RelativeError rounding_error(const Conv2dKernel &kernel, const Schedule &schedule,
                             const Constant &weights);

}  // namespace convoy
