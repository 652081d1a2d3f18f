#include "tests/kernels/conv2d_kernels.h"

#include "generators/conv2d.h"
#include "generators/grouped_conv2d.h"

namespace convoy {

Conv2dKernel conv_kernel(const ConvProblem &p, const ConvLayouts &layouts, const Board &board) {
    Conv2dKernel kernel{.problem = p};
    kernel.input = make_view(p.mb, p.ic, p.ih, p.iw, layouts.input, board.vector_floats);
    kernel.input.halo = {p.ph, p.pw, p.ph_end, p.pw_end};
    kernel.output = make_view(p.mb, p.oc, p.oh, p.ow, layouts.output, board.vector_floats);
    return kernel;
}

Conv2dKernel image_kernel(const ConvProblem &p, const Layout &output, const Board &board) {
    Conv2dKernel kernel = conv_kernel(p, {{}, output}, board);
    kernel.input.halo = {};
    return kernel;
}

std::vector<ConvLayouts> natural_layouts(const ConvProblem &p, const Board &board) {
    std::vector<ConvLayouts> all = {{Layout{}, Layout{}}};
    for (int block = board.vector_floats; block >= 8; block /= 2)
        all.push_back({Layout{block, 1}, Layout{block, 1}});
    for (int lanes = board.vector_floats; lanes >= 2; lanes /= 2) {
        if (p.g > 1 && p.g % lanes == 0) all.push_back({Layout{lanes, p.g}, Layout{lanes, p.g}});
    }
    if (p.g > 1 && (p.ic_per_group() > 8 || p.oc_per_group() > 8))
        all.push_back({Layout{8, p.g, true}, Layout{8, p.g, true}});
    std::erase_if(all, [&](const ConvLayouts &layouts) {
        const Conv2dKernel kernel = conv_kernel(p, layouts, board);
        return !grouped_conv2d_accepts(kernel) && !conv2d_accepts(kernel, board.vector_floats) &&
               !conv2d_accepts(kernel, board.vector_floats / 2);
    });
    return all;
}

}  // namespace convoy
