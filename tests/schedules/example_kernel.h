#pragma once

#include "generators/kernel.h"
#include "targets/board.h"

namespace convoy {

// A dense 3x3 convolution of 64 channels in whole vectors.
inline Kernel example_kernel(const Board &board) {
    const ConvProblem p = parse_conv_problem("ic64ih14oc64kh3ph1");
    Conv2dKernel kernel{.problem = p};
    const Layout layout{board.vector_floats};
    kernel.input = make_view(1, p.ic, p.ih, p.iw, layout, board.vector_floats);
    kernel.input.halo = {1, 1, 1, 1};
    kernel.output = make_view(1, p.oc, p.oh, p.ow, layout, board.vector_floats);
    return kernel;
}

}  // namespace convoy
