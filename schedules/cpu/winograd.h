#pragma once

#include "schedules/template.h"

namespace convoy::cpu {

// winograd_conv2d: matrix products a point of the tile, in bands of tile rows whose transformed
// input stays in the second-level cache.
extern const Template winograd;

// The same with input channels in lanes, as channel_lanes (oc_vectors.h).
extern const Template winograd_lanes;

}  // namespace convoy::cpu
