#pragma once

#include <string>
#include <vector>

#include "generators/kernel.h"
#include "targets/board.h"

namespace convoy {

struct ConvLayouts {
    Layout input, output;
};

// The kernel of a convolution whose input has a halo of just its pads, no other view any.
Conv2dKernel conv_kernel(const ConvProblem &problem, const ConvLayouts &layouts,
                         const Board &board);

// Of a network's image, in nchw as its caller has it: without a halo.
Conv2dKernel image_kernel(const ConvProblem &problem, const Layout &output, const Board &board);

// nchw, blocked by a vector and by half a vector, interleaved over each number of lanes that
// divides the groups: those of them that a generator accepts.
std::vector<ConvLayouts> natural_layouts(const ConvProblem &problem, const Board &board);

}  // namespace convoy
