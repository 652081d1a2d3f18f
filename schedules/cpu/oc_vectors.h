#pragma once

#include "schedules/template.h"

namespace convoy::cpu {

// Convolution in register tiles of tile_ow columns x tile_oh rows x tile_oc vectors of output
// channels; weights are loaded as vectors, input elements broadcast. `tile_ic` > 0 cuts the
// reduction into that many input blocks at a time, so that their weights stay in the first-level
// cache. `rows_outer` walks rows before output channels.
extern const Template oc_vectors;

}  // namespace convoy::cpu
