#pragma once

#include "compiler/onnx/node.h"

// What importers of data movement share: the same code moves activations, as a node of the graph,
// and constants, at once.

namespace convoy {

using Dims = std::vector<int64_t>;

// The dims of an input, activation or constant.
Dims input_dims(const OnnxNode &node, int index = 0);

// An axis in [-rank, rank) as one in [0, rank). `what` names where it was found.
int64_t resolve_axis(const OnnxNode &node, const char *what, int64_t axis, size_t rank);

// Integers that are an attribute in older opsets and an input in newer ones.
bool has_integers(const OnnxNode &node, const char *attribute, int input);
Dims read_integers(const OnnxNode &node, const char *attribute, int input);

// The first input under other dims.
void output_reshaped(OnnxNode &node, const Dims &dims, int index = 0);

// A copy of the first input, whose elements in row-major order become an output of these dims.
void output_copy(OnnxNode &node, const CopyProblem &copy, const Dims &dims, int index = 0);

// The first input's elements `indices` along the axis; `dims` as above.
void output_gathered(OnnxNode &node, int axis, const Dims &indices, const Dims &dims);

// Tables of a Resample: for each output index its taps.
struct Tap {
    int64_t index;
    double weight;
};
Resample make_resample(int axis, const std::vector<std::vector<Tap>> &taps);

}  // namespace convoy
