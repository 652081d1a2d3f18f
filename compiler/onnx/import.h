#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <stdexcept>
#include <string>

#include "compiler/graph.h"

namespace convoy {

struct ImportOptions {
    // Sizes of the model's named dimensions: {"N", 1} for an input of (N, 3, 224, 224).
    std::map<std::string, int64_t> dims;
    // Receives one line for what is odd but does not prevent the import; may be empty.
    std::function<void(const std::string &)> warn;
};

// what() is one line: the file, the node (name and operator), what was found and what was expected.
class ImportError : public std::runtime_error {
    using std::runtime_error::runtime_error;
};

// Reads an ONNX model (opset 7 and later) of float32 activations and static shapes. The graph is
// named after the file's stem; its inputs and outputs keep their ONNX names and order. Throws
// ImportError.
Graph import_onnx(const std::filesystem::path &file, const ImportOptions &options = {});

}  // namespace convoy
