#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace convoy {

// Whether a board of a manifest is a GPU: then its Halide target names what the host reaches it by.
inline bool is_gpu(const nlohmann::json &board) {
    const std::string target = board.at("halide_target");
    return target.find("-cuda") != std::string::npos || target.find("-opencl") != std::string::npos;
}

}  // namespace convoy
