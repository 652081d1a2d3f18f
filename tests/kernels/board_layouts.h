#pragma once

#include <algorithm>

#include "generators/layout.h"
#include "targets/board.h"

namespace convoy {

// Blocks of tables of layouts that stand for one vector of the board under test and half of one.
constexpr int whole_vector = -1, half_vector = -2;

inline Layout layout_on(const Board &board, Layout layout) {
    if (layout.block < 0) layout.block = std::max(board.vector_floats / -layout.block, 1);
    return layout;
}

}  // namespace convoy
