#include "generators/elementwise.h"

namespace convoy {

using namespace Halide;

namespace {

ImageParam channel_param(const View &view, const char *name) {
    ImageParam param(Float(32), 2, name);
    param.dim(0).set_bounds(0, view.layout.block).set_stride(1);
    param.dim(1).set_bounds(0, view.blocks).set_stride(view.layout.block);
    return param;
}

}  // namespace

ElementwiseStages elementwise(const ElementwiseKernel &kernel) {
    ElementwiseStages s;
    s.has_scale_shift = kernel.has_scale_shift;
    s.has_addend = kernel.addend.has_value();
    s.input = view_param(kernel.input, "input");
    Expr value = s.input(s.lane, s.w, s.h, s.block, s.image);
    if (s.has_scale_shift) {
        s.scale = channel_param(kernel.input, "scale");
        s.shift = channel_param(kernel.input, "shift");
        value = value * s.scale(s.lane, s.block) + s.shift(s.lane, s.block);
    }
    if (s.has_addend) {
        s.addend = view_param(*kernel.addend, "addend");
        value += s.addend(s.lane, s.w, s.h, s.block, s.image);
    }
    s.output = Func("output");
    s.output(s.lane, s.w, s.h, s.block, s.image) = activate(value, kernel.activation);
    constrain_output(s.output, kernel.output);
    return s;
}

std::vector<Argument> ElementwiseStages::arguments() const {
    std::vector<Argument> list = {input};
    if (has_scale_shift) list.insert(list.end(), {scale, shift});
    if (has_addend) list.push_back(addend);
    return list;
}

}  // namespace convoy
