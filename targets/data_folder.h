#pragma once

#include <filesystem>

namespace convoy {

// Where a kind of data file lies: the environment variable's folder where it is set,
// share/convoy/<installed> of an installed tool, else <source> of the source tree this was built
// from.
std::filesystem::path data_folder(const char *variable, const char *installed, const char *source);

}  // namespace convoy
