#include "generators/elementwise.h"

namespace convoy {

using namespace Halide;

namespace {

Expr element(const ImageParam &param, const View &view, const View &output,
             const ElementwiseStages &s) {
    return param(broadcast(s.lane, view.c, output.c), broadcast(s.w, view.w, output.w),
                 broadcast(s.h, view.h, output.h), broadcast(s.block, view.c, output.c),
                 broadcast(s.image, view.mb, output.mb));
}

}  // namespace

ElementwiseStages elementwise(const ElementwiseKernel &kernel) {
    ElementwiseStages s;
    s.has_scale_shift = kernel.has_scale_shift;
    s.has_addend = kernel.addend.has_value();
    s.input = view_param(kernel.input, "input");
    Expr value = element(s.input, kernel.input, kernel.output, s);
    if (s.has_scale_shift) {
        s.scale = channel_param(kernel.input, "scale");
        s.shift = channel_param(kernel.input, "shift");
        value = value * s.scale(s.lane, s.block) + s.shift(s.lane, s.block);
    }
    if (s.has_addend) {
        s.addend = view_param(*kernel.addend, "addend");
        value =
            combined(value, element(s.addend, *kernel.addend, kernel.output, s), kernel.combine);
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
