#pragma once

#include "schedules/template.h"

namespace convoy::cpu {

// Grouped, depthwise and few-channel convolution: a vector holds `vector_ow` columns of all the
// lanes' groups, the register tile is tile_ow such vectors x tile_oh rows x tile_oc output channels
// of a group. `unroll_taps` 1 unrolls the kernel's columns, 2 its rows as well; `rows_outer` walks
// rows before output channels.
extern const Template group_lanes;

}  // namespace convoy::cpu
