#pragma once

#include "schedules/template.h"

namespace convoy::gpu {

// Convolutions of few outputs, the input channels of each shared out among threads.
extern const Template split;

}  // namespace convoy::gpu
