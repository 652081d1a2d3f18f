#include "generators/normalize.h"

namespace convoy {

using namespace Halide;

NormalizeStages normalize(const NormalizeKernel &kernel) {
    NormalizeStages s;
    s.input = view_param(kernel.input, "input");
    s.scale = channel_param(kernel.input, "scale");
    s.shift = channel_param(kernel.input, "shift");
    RDom all(0, kernel.input.c, "all"), each(0, kernel.input.c, "each");
    s.c_sum = all.x, s.c_squares = each.x;
    const float count = float(kernel.input.c);

    s.sum = Func("sum");
    s.sum(s.w, s.h, s.image) = 0.0f;
    s.sum(s.w, s.h, s.image) += s.input(0, s.w, s.h, all.x, s.image);
    const Expr mean = s.sum(s.w, s.h, s.image) / count;
    // In two passes: the difference of two means of squares would lose its digits.
    const Expr distance = s.input(0, s.w, s.h, each.x, s.image) - mean;
    s.squares = Func("squares");
    s.squares(s.w, s.h, s.image) = 0.0f;
    s.squares(s.w, s.h, s.image) += distance * distance;

    const Expr deviation = sqrt(s.squares(s.w, s.h, s.image) / count + kernel.epsilon);
    s.output = Func("output");
    s.output(s.lane, s.w, s.h, s.c, s.image) =
        (s.input(0, s.w, s.h, s.c, s.image) - mean) / deviation * s.scale(0, s.c) + s.shift(0, s.c);
    constrain_output(s.output, kernel.output);
    return s;
}

}  // namespace convoy
