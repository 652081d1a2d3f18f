#pragma once

#include <optional>
#include <string>

#include "targets/board.h"

namespace convoy {

// What a library is for: processor and operating system, as "x86_64-linux". Boards of one system
// share a library.
std::string system_of(const Board &board);

// All systems that there can be a library for.
std::vector<std::string> system_names();

struct BoardProblem {
    std::string key, found, expected;
};

// What is wrong with a board's target: Halide's, clang's, the family and the CPU features must be
// of one system.
std::optional<BoardProblem> target_problem(const Board &board);

}  // namespace convoy
