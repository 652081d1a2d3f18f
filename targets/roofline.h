#pragma once

#include <cstdint>

#include "targets/board.h"

namespace convoy {

// The least time one core needs for a kernel: its multiply-adds at peak, or its activations and
// constants once from the cache level (or memory) that can hold them all, whichever takes longer.
double roofline_us(const Board &board, int64_t macs, int64_t bytes);

}  // namespace convoy
