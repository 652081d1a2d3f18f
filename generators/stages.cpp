#include "generators/stages.h"

#include <limits>

namespace convoy {

using namespace Halide;

ImageParam view_param(const View &view, const char *name) {
    // f32 (lane, w, h, block, mb): the halo has negative coordinates.
    ImageParam param(Float(32), 5, name);
    const Halo &halo = view.halo;
    param.dim(0).set_bounds(0, view.layout.block).set_stride(1);
    param.dim(1)
        .set_bounds(-halo.left, view.w + halo.left + halo.right)
        .set_stride(view.layout.block);
    param.dim(2)
        .set_bounds(-halo.top, view.h + halo.top + halo.bottom)
        .set_stride(view.row_stride());
    param.dim(3).set_bounds(0, view.blocks).set_stride((int)view.plane_stride());
    param.dim(4).set_bounds(0, view.mb).set_stride((int)view.image_stride());
    return param;
}

void constrain_output(Func &output, const View &view) {
    OutputImageParam buffer = output.output_buffer();
    buffer.dim(0).set_bounds(0, view.layout.block).set_stride(1);
    buffer.dim(1).set_bounds(0, view.w).set_stride(view.layout.block);
    buffer.dim(2).set_bounds(0, view.h).set_stride(view.row_stride());
    buffer.dim(3).set_bounds(0, view.blocks).set_stride((int)view.plane_stride());
    buffer.dim(4).set_bounds(0, view.mb).set_stride((int)view.image_stride());
}

Expr activate(Expr x, const Activation &activation) {
    switch (activation.kind) {
        case Activation::Kind::none:
            return x;
        case Activation::Kind::relu:
            return max(x, 0.0f);
        case Activation::Kind::clip:
            return min(max(x, activation.low), activation.high);
    }
    return x;
}

}  // namespace convoy
