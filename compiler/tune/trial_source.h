#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "compiler/emit/toolchain.h"

namespace convoy {

// What kernels in a trial program call, as in a library, and where they run on a GPU, as C. Throws
// CompileError.
std::string trial_glue(const Board &board, int64_t scratch_bytes, size_t candidates);

// A file of compiler/tune that goes into trial programs. Throws CompileError.
std::string trial_text(const char *file);

// What checks and times the kernels: objects in `folder`, compiled where they are not there yet.
std::vector<std::filesystem::path> trial_objects(const Board &board, const Toolchain &tools,
                                                 const std::filesystem::path &folder);

}  // namespace convoy
