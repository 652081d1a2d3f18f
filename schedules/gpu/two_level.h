#pragma once

#include "schedules/template.h"

namespace convoy::gpu {

// Two-level group convolutions, a block's representatives in shared memory.
extern const Template two_level;

}  // namespace convoy::gpu
