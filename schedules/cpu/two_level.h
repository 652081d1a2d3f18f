#pragma once

#include "schedules/template.h"

namespace convoy::cpu {

// Two-level group convolution: the representatives of a band of rows lie on the stack while
// register tiles of oc vectors, one group after another, add their spread to the group's
// convolution.
extern const Template two_level;

}  // namespace convoy::cpu
