#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

namespace convoy {

// The float32 array of a .npy file (numpy.lib.format, versions 1 to 3) in C order. Throws
// CompileError naming the file when it cannot be read, holds another type, or its dims differ from
// `dims`.
std::vector<float> read_npy(const std::filesystem::path &file, const std::vector<int64_t> &dims);

}  // namespace convoy
