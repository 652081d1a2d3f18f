#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "compiler/graph.h"

namespace onnx {
class TensorProto;
}

namespace convoy {

// No tensor may have more elements: extents and offsets of kernels are 32-bit.
constexpr int64_t max_elements = INT32_MAX;

// A constant of an ONNX model: an initialiser or a Constant node's value. Floats of any width are
// held as float32, integers and booleans as int64.
struct OnnxTensor {
    std::vector<int64_t> dims;
    bool is_float = true;
    Constant floats;                // null for integers
    std::vector<int64_t> integers;  // empty for floats
};

// Product of dims, or -1 where it exceeds max_elements or a dim is negative.
int64_t element_count(const std::vector<int64_t> &dims);

// Converts a tensor, whose external data lie under `folder`. Nothing is allocated before the size
// of the data was found equal to what the dims ask for. Throws std::invalid_argument.
OnnxTensor read_tensor(const onnx::TensorProto &proto, const std::filesystem::path &folder);

}  // namespace convoy
