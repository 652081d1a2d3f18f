#pragma once

#include <cstdint>
#include <optional>
#include <vector>

// ONNX's broadcasting: dims are aligned at their ends, and an extent of 1 meets any other.

namespace convoy {

// The dims of the result, or none where two extents do not meet.
std::optional<std::vector<int64_t>> broadcast_dims(const std::vector<int64_t> &a,
                                                   const std::vector<int64_t> &b);

// The same broadcasting over as few dims as it needs: neighbours that each operand either walks or
// repeats are one, and all operands have as many dims as the output.
struct Broadcast {
    std::vector<int64_t> output;
    std::vector<std::vector<int64_t>> operands;
};
Broadcast collapse(const std::vector<int64_t> &output,
                   const std::vector<std::vector<int64_t>> &operands);

// For each element of the output, row-major, the element of the operand.
std::vector<int64_t> broadcast_indices(const std::vector<int64_t> &output,
                                       const std::vector<int64_t> &operand);

}  // namespace convoy
