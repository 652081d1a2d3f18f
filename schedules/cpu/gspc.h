#pragma once

#include "schedules/template.h"

namespace convoy::cpu {

// gspc_conv2d, the paper's algorithm for grouped convolutions: pack, convolve in tiles, unpack.
extern const Template gspc;

}  // namespace convoy::cpu
