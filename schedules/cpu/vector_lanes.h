#pragma once

#include "schedules/template.h"

namespace convoy::cpu {

// Pooling, elementwise, reorder and softmax: vectors over the block's lanes, or over columns in
// nchw.
extern const Template vector_lanes;

}  // namespace convoy::cpu
