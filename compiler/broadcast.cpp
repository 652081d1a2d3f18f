#include "compiler/broadcast.h"

#include <algorithm>

namespace convoy {

namespace {

using Dims = std::vector<int64_t>;

Dims aligned(const Dims &dims, size_t rank) {
    Dims result(rank - dims.size(), 1);
    result.insert(result.end(), dims.begin(), dims.end());
    return result;
}

}  // namespace

std::optional<Dims> broadcast_dims(const Dims &a, const Dims &b) {
    const size_t rank = std::max(a.size(), b.size());
    Dims result = aligned(a, rank);
    const Dims other = aligned(b, rank);
    for (size_t d = 0; d < rank; ++d) {
        if (result[d] != other[d] && result[d] != 1 && other[d] != 1) return {};
        if (result[d] == 1) result[d] = other[d];
    }
    return result;
}

Broadcast collapse(const Dims &output, const std::vector<Dims> &operands) {
    std::vector<Dims> whole;
    for (const Dims &operand : operands) whole.push_back(aligned(operand, output.size()));
    Broadcast result{{}, std::vector<Dims>(operands.size())};
    std::vector<bool> last_repeats;
    for (size_t d = 0; d < output.size(); ++d) {
        if (output[d] == 1) continue;
        std::vector<bool> repeats;
        for (const Dims &operand : whole) repeats.push_back(operand[d] == 1);
        const bool is_new = result.output.empty() || repeats != last_repeats;
        const auto put = [&](Dims &dims, int64_t extent) {
            is_new ? dims.push_back(extent) : void(dims.back() *= extent);
        };
        put(result.output, output[d]);
        for (size_t i = 0; i < whole.size(); ++i) put(result.operands[i], whole[i][d]);
        last_repeats = repeats;
    }
    return result;
}

std::vector<int64_t> broadcast_indices(const Dims &output, const Dims &operand) {
    const Dims dims = aligned(operand, output.size());
    std::vector<int64_t> indices = {0};
    // Outermost first: each dim repeats what is there, a stride further on.
    int64_t stride = 1;
    for (int64_t extent : dims) stride *= extent;
    for (size_t d = 0; d < output.size(); ++d) {
        stride /= dims[d];
        std::vector<int64_t> next;
        next.reserve(indices.size() * output[d]);
        for (int64_t index : indices) {
            for (int64_t i = 0; i < output[d]; ++i)
                next.push_back(index + (dims[d] == 1 ? 0 : i * stride));
        }
        indices = std::move(next);
    }
    return indices;
}

}  // namespace convoy
