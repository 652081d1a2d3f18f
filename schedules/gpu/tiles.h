#pragma once

#include "schedules/template.h"

namespace convoy::gpu {

// Convolutions of planes, each thread a register tile of rows and output channels.
extern const Template tiles;

}  // namespace convoy::gpu
