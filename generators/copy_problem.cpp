#include "generators/copy_problem.h"

#include <algorithm>
#include <cstdio>
#include <stdexcept>

namespace convoy {

int64_t CopyProblem::count() const {
    int64_t count = 1;
    for (const CopyDim &dim : dims) count *= dim.extent;
    return count;
}

bool CopyProblem::has_pads() const {
    return !std::ranges::all_of(dims, &CopyDim::is_whole);
}

CopyProblem whole_copy(const std::vector<int64_t> &dims) {
    CopyProblem copy;
    copy.dims.resize(dims.size());
    int64_t stride = 1;
    for (size_t d = dims.size(); d-- > 0; stride *= dims[d]) {
        copy.dims[d] = {dims[d], stride, 0, dims[d]};
    }
    return copy;
}

CopyProblem merge_dims(const CopyProblem &copy) {
    CopyProblem merged{{}, copy.offset, copy.fill};
    for (const CopyDim &dim : copy.dims) {
        if (dim.extent == 1 && dim.is_whole()) continue;
        CopyDim *outer = merged.dims.empty() ? nullptr : &merged.dims.back();
        if (outer && dim.is_whole() && outer->stride == dim.stride * dim.extent) {
            *outer = {outer->extent * dim.extent, dim.stride, outer->begin * dim.extent,
                      outer->end * dim.extent};
        } else {
            merged.dims.push_back(dim);
        }
    }
    if (merged.dims.empty()) merged.dims.push_back({1, 1, 0, 1});
    return merged;
}

std::vector<int64_t> copied_elements(const CopyProblem &copy) {
    std::vector<int64_t> elements{copy.offset};
    std::vector<char> is_read{1};
    for (const CopyDim &dim : copy.dims) {
        std::vector<int64_t> next;
        std::vector<char> next_is_read;
        next.reserve(elements.size() * dim.extent);
        next_is_read.reserve(elements.size() * dim.extent);
        for (size_t e = 0; e < elements.size(); ++e) {
            for (int64_t i = 0; i < dim.extent; ++i) {
                next.push_back(elements[e] + i * dim.stride);
                next_is_read.push_back(is_read[e] && i >= dim.begin && i < dim.end);
            }
        }
        elements = std::move(next);
        is_read = std::move(next_is_read);
    }
    for (size_t e = 0; e < elements.size(); ++e) {
        if (!is_read[e]) elements[e] = -1;
    }
    return elements;
}

void check(const CopyProblem &copy, int64_t input_count) {
    int64_t lowest = copy.offset, highest = copy.offset;
    for (const CopyDim &dim : copy.dims) {
        if (dim.extent < 1 || dim.begin < 0 || dim.begin >= dim.end || dim.end > dim.extent) {
            throw std::invalid_argument(
                "copy " + to_string(copy) + ": a dim reads from " + std::to_string(dim.begin) +
                " to " + std::to_string(dim.end) + " of " + std::to_string(dim.extent));
        }
        const int64_t first = dim.begin * dim.stride, last = (dim.end - 1) * dim.stride;
        lowest += std::min(first, last);
        highest += std::max(first, last);
    }
    if (lowest >= 0 && highest < input_count) return;
    throw std::invalid_argument("copy " + to_string(copy) + ": it reads elements " +
                                std::to_string(lowest) + " to " + std::to_string(highest) + " of " +
                                std::to_string(input_count));
}

std::string to_string(const CopyProblem &copy) {
    std::string extents, strides;
    for (const CopyDim &dim : copy.dims) {
        extents += (extents.empty() ? "" : "x") + std::to_string(dim.extent);
        if (!dim.is_whole())
            extents += "[" + std::to_string(dim.begin) + ":" + std::to_string(dim.end) + "]";
        strides += (strides.empty() ? "" : ",") + std::to_string(dim.stride);
    }
    std::string text = extents + " by " + strides + " at " + std::to_string(copy.offset);
    if (copy.has_pads()) {
        char fill[32];
        std::snprintf(fill, sizeof fill, "%.9g", copy.fill);
        text += std::string(" fill ") + fill;
    }
    return text;
}

}  // namespace convoy
