#pragma once

#include <filesystem>
#include <string>

namespace convoy {

// A file in the folder of a board for which threads cost nothing: every kernel with a parallel loop
// uses as many as it is given, however small it is. A GPU's board as it is.
std::string eager_board(const std::string &name, const std::filesystem::path &folder);

}  // namespace convoy
