#include "generators/matmul.h"

namespace convoy {

using namespace Halide;

MatMulStages matmul(const MatMulKernel &kernel) {
    const View &in = kernel.input, &right = kernel.right, &out = kernel.output;
    MatMulStages s;
    s.input = view_param(in, "input");
    s.right = view_param(right, "right");
    RDom depth(0, kernel.depth(), "depth");
    s.k = depth.x;
    const auto at = [&](const ImageParam &param, const View &view, Expr column, Expr row,
                        bool is_transposed) {
        if (is_transposed) std::swap(column, row);
        return param(0, column, row, view.c == 1 ? Expr(0) : s.c, view.mb == 1 ? Expr(0) : s.image);
    };
    s.product = Func("product");
    s.product(s.n, s.m, s.c, s.image) = 0.0f;
    s.product(s.n, s.m, s.c, s.image) += at(s.input, in, s.k, s.m, kernel.is_input_transposed) *
                                         at(s.right, right, s.n, s.k, kernel.is_right_transposed);
    s.output = Func("output");
    s.output(s.lane, s.n, s.m, s.c, s.image) = s.product(s.n, s.m, s.c, s.image);
    constrain_output(s.output, out);
    return s;
}

}  // namespace convoy
