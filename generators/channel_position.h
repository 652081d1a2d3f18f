#pragma once

#include <utility>

#include "Halide.h"

#include "generators/layout.h"

// channel_at and position_of of layout.h, on expressions.

namespace convoy {

// The channel in a lane of a block; beyond the last one for padding of layouts of one group.
Halide::Expr channel_at(const Layout &layout, int channels, const Halide::Expr &lane,
                        const Halide::Expr &block);

std::pair<Halide::Expr, Halide::Expr> lane_and_block(const Layout &layout, int channels,
                                                     const Halide::Expr &channel);

}  // namespace convoy
