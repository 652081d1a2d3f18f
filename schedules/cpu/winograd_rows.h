#pragma once

#include "schedules/template.h"

namespace convoy::cpu {

// winograd_rows_conv2d (generators/winograd_rows_conv2d.h), for boards of 32 vector registers: 16
// hold too few products for the transforms to pay. Parameters:
//   m                          columns of a tile, 2 or 4
//   tile_x, tile_oh, tile_oc   tiles, rows and channels whose products are kept in registers
//   points_outer               whether the products of one point follow each other
//   rows_outer                 as group_lanes
extern const Template winograd_rows;

}  // namespace convoy::cpu
