#pragma once

#include "generators/stages.h"

namespace convoy {

// The zero rows and columns around the input that windows reach into.
Halo reach(const ConvProblem &problem);

// Whether a dense convolution takes an nchw input that does not have them: a network's, which its
// caller allocates.
bool lacks_reach(const Conv2dKernel &kernel);

// The rows of an nchw input with zeros around its planes: zeros first, then copied.
struct ZeroPadded {
    Halide::Func rows;  // (w, h, channel, image)
    Halide::RVar w;     // of the copy

    bool is_used() const { return rows.defined(); }
};

// The input is groups_param of one group.
ZeroPadded zero_padded(const Halide::ImageParam &input, const View &view);

}  // namespace convoy
