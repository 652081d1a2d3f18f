#pragma once

#include "schedules/template.h"

namespace convoy::cpu {

// Reorders between layouts. Vectors are gathered from the input, in an order of loops that meets
// each of its cache lines again while it is still near.
extern const Template transpose;

}  // namespace convoy::cpu
