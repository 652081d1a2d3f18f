#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace convoy {

// One dim of a strided copy: output indices from begin to end (exclusive) read the input, `stride`
// elements apart; the others get the fill value.
struct CopyDim {
    int64_t extent = 1, stride = 0;
    int64_t begin = 0, end = 1;

    bool is_whole() const { return begin == 0 && end == extent; }
    bool operator==(const CopyDim &) const = default;
};

// output[i0, i1, ...] = input[offset + i0 * stride0 + i1 * stride1 + ...], both dense and
// row-major: slices, transpositions, pads and repetitions.
struct CopyProblem {
    std::vector<CopyDim> dims;  // outermost first
    int64_t offset = 0;         // of output index 0; outside the input where that is a pad
    float fill = 0;

    int64_t count() const;
    bool has_pads() const;
    bool operator==(const CopyProblem &) const = default;
};

// The copy that changes nothing.
CopyProblem whole_copy(const std::vector<int64_t> &dims);

// The same copy in as few dims as will do, at least one.
CopyProblem merge_dims(const CopyProblem &copy);

// For every output element in order, the input element that it reads; -1 for the fill value.
std::vector<int64_t> copied_elements(const CopyProblem &copy);

// Throws std::invalid_argument where the copy reads outside an input of that many elements.
void check(const CopyProblem &copy, int64_t input_count);

// "2x3 by 1,2 at 4": extents, strides, offset; pads as "3[1:2]" and the fill value after them.
std::string to_string(const CopyProblem &copy);

}  // namespace convoy
