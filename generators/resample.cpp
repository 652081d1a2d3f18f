#include "generators/resample.h"

namespace convoy {

using namespace Halide;

namespace {

ImageParam table(const char *name, int taps, int extent) {
    ImageParam param(Float(32), 2, name);
    param.dim(0).set_bounds(0, taps).set_stride(1);
    param.dim(1).set_bounds(0, extent).set_stride(taps);
    return param;
}

}  // namespace

ResampleStages resample(const ResampleKernel &kernel) {
    const View &in = kernel.input, &out = kernel.output;
    const bool along_w = kernel.axis == ResampleKernel::Axis::w,
               along_h = kernel.axis == ResampleKernel::Axis::h;
    const int extent_in = along_w ? in.w : along_h ? in.h : in.blocks;
    const int extent_out = along_w ? out.w : along_h ? out.h : out.blocks;
    ResampleStages s;
    s.input = view_param(in, "input");
    s.weights = table("weights", kernel.taps, extent_out);
    s.indices = table("indices", kernel.taps, extent_out);
    const Var at = along_w ? s.w : along_h ? s.h : s.block;

    Expr sum = 0.0f;
    for (int tap = 0; tap < kernel.taps; tap++) {
        // Halide wants to see that the table stays inside the input.
        const Expr index = clamp(cast<int>(s.indices(tap, at)), 0, extent_in - 1);
        const Expr element = along_w   ? s.input(s.lane, index, s.h, s.block, s.image)
                             : along_h ? s.input(s.lane, s.w, index, s.block, s.image)
                                       : s.input(s.lane, s.w, s.h, index, s.image);
        sum += s.weights(tap, at) * element;
    }
    s.output = Func("output");
    s.output(s.lane, s.w, s.h, s.block, s.image) = sum;
    constrain_output(s.output, out);
    return s;
}

}  // namespace convoy
