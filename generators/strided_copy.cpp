#include "generators/strided_copy.h"

namespace convoy {

using namespace Halide;

StridedCopyStages strided_copy(const StridedCopyKernel &kernel) {
    const CopyProblem copy = merge_dims(kernel.copy);
    const size_t rank = copy.dims.size();
    StridedCopyStages s;
    s.input = ImageParam(Float(32), 1, "input");
    s.input.dim(0).set_bounds(0, (int)kernel.input.floats()).set_stride(1);
    s.inner_extent = (int)copy.dims.back().extent;

    Expr element = (int)copy.offset, is_read = Internal::const_true();
    for (size_t d = 0; d < rank; d++) {
        const CopyDim &dim = copy.dims[rank - 1 - d];
        const Var i("i" + std::to_string(d));
        s.dims.push_back(i);
        Expr index = i;
        if (!dim.is_whole()) {
            const int begin = (int)dim.begin, last = (int)dim.end - 1;
            is_read = is_read && i >= begin && i <= last;
            index = clamp(likely(i), begin, last);
        }
        element += index * (int)dim.stride;
    }
    s.output = Func("output");
    Expr value = s.input(element);
    if (copy.has_pads()) value = select(is_read, likely(value), copy.fill);
    s.output(s.dims) = value;

    int stride = 1;
    for (size_t d = 0; d < rank; d++) {
        const int extent = (int)copy.dims[rank - 1 - d].extent;
        s.output.output_buffer().dim((int)d).set_bounds(0, extent).set_stride(stride);
        stride *= extent;
    }
    return s;
}

}  // namespace convoy
