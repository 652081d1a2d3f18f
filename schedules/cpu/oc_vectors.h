#pragma once

#include "schedules/template.h"

namespace convoy::cpu {

// Convolution in register tiles of tile_ow columns x tile_oh rows x tile_oc vectors of output
// channels; weights are loaded as vectors, input elements broadcast. `tile_ic` > 0 cuts the
// reduction into that many input blocks at a time, so that their weights stay in the first-level
// cache. `rows_outer` walks rows before output channels.
extern const Template oc_vectors;

// The same for processors whose multiply-add takes one lane of a vector, as NEON's does: the input
// channels of a block are loaded as a vector, which then stands for as many broadcasts.
extern const Template channel_lanes;

}  // namespace convoy::cpu
