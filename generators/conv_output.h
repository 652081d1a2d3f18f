#pragma once

#include "generators/stages.h"

// How convolutions end: a residual combined with the sums, the activation, the output's bounds.

namespace convoy {

// The residual's element beside an output of the problem; planes and images of extent 1 are
// broadcast. `at` holds its coordinates before (w, h, channel, group, image).
template<typename Stages>
Halide::Expr residual_element(const Stages &s, const View &view, const ConvProblem &p,
                              std::vector<Halide::Expr> at) {
    const std::vector<Halide::Expr> rest = {broadcast(s.ow, view.w, p.ow),
                                            broadcast(s.oh, view.h, p.oh), s.oc, s.group,
                                            broadcast(s.image, view.mb, p.mb)};
    at.insert(at.end(), rest.begin(), rest.end());
    return s.residual(at);
}

// The vector runs over output channels, `vectors` of `vector` of them a group. Output and residual:
// (lane, block of the vector, ow, oh, oc vector of the group, group, mb).
template<typename Stages, typename ConvKernel>
void finish_vectors(Stages &s, const ConvKernel &kernel, const ConvProblem &p, int vector,
                    int vectors) {
    using namespace Halide;
    Expr value = s.accumulator(s.lane, s.sub, s.ow, s.oh, s.oc, s.group, s.image);
    s.has_residual = kernel.residual.has_value();
    if (s.has_residual) {
        s.residual = ImageParam(Float(32), 7, "residual");
        constrain_vectors(s.residual, *kernel.residual, vector, vectors, p.g);
        const Expr element = residual_element(s, *kernel.residual, p, {s.lane, s.sub});
        value = combined(value, element, kernel.combine);
    }
    s.output = Func("output");
    s.output(s.lane, s.sub, s.ow, s.oh, s.oc, s.group, s.image) =
        activate(value, kernel.activation);
    constrain_vectors(s.output.output_buffer(), kernel.output, vector, vectors, p.g);
}

// A block is a vector, or has one lane a group. Output and residual: (lane, ow, oh, oc block of the
// group, group, mb).
template<typename Stages>
void finish_blocks(Stages &s, const Conv2dKernel &kernel, Halide::Expr value, int blocks,
                   int groups) {
    using namespace Halide;
    s.has_residual = kernel.residual.has_value();
    if (s.has_residual) {
        s.residual = ImageParam(Float(32), 6, "residual");
        constrain_groups(s.residual, *kernel.residual, blocks, groups, Halo{});
        const Expr element = residual_element(s, *kernel.residual, kernel.problem, {s.lane});
        value = combined(value, element, kernel.combine);
    }
    s.output = Func("output");
    s.output(s.lane, s.ow, s.oh, s.oc, s.group, s.image) = activate(value, kernel.activation);
    constrain_groups(s.output.output_buffer(), kernel.output, blocks, groups, Halo{});
}

}  // namespace convoy
