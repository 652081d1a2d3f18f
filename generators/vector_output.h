#pragma once

#include "generators/stages.h"

namespace convoy {

// Defines the output of a convolution whose vector runs over output channels, and its residual:
// Func and ImageParam (lane, block of the vector, ow, oh, oc vector of the group, group, mb).
template<typename Stages, typename ConvKernel>
void finish(Stages &s, const ConvKernel &kernel, const ConvProblem &p, int vector) {
    using namespace Halide;
    const int vectors = (p.oc_per_group() + vector - 1) / vector;
    Expr value = s.accumulator(s.lane, s.sub, s.ow, s.oh, s.oc, s.group, s.image);
    s.has_residual = kernel.residual.has_value();
    if (s.has_residual) {
        const View &view = *kernel.residual;
        s.residual = ImageParam(Float(32), 7, "residual");
        constrain_vectors(s.residual, view, vector, vectors, p.g);
        const Expr element =
            s.residual(s.lane, s.sub, broadcast(s.ow, view.w, p.ow), broadcast(s.oh, view.h, p.oh),
                       s.oc, s.group, broadcast(s.image, view.mb, p.mb));
        value = combined(value, element, kernel.combine);
    }
    s.output = Func("output");
    s.output(s.lane, s.sub, s.ow, s.oh, s.oc, s.group, s.image) =
        activate(value, kernel.activation);
    constrain_vectors(s.output.output_buffer(), kernel.output, vector, vectors, p.g);
}

}  // namespace convoy
