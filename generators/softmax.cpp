#include "generators/softmax.h"

#include <limits>

#include "generators/math.h"

namespace convoy {

using namespace Halide;

SoftmaxStages softmax(const SoftmaxKernel &kernel) {
    SoftmaxStages s;
    s.input = view_param(kernel.input, "input");
    RDom all(0, kernel.input.c, "all"), each(0, kernel.input.c, "each");
    s.c_largest = all.x, s.c_sum = each.x;

    s.largest = Func("largest");
    s.largest(s.w, s.h, s.image) = -std::numeric_limits<float>::infinity();
    s.largest(s.w, s.h, s.image) =
        max(s.largest(s.w, s.h, s.image), s.input(0, s.w, s.h, all.x, s.image));
    s.exponential = Func("exponential");
    s.exponential(s.w, s.h, s.c, s.image) =
        vector_exp(s.input(0, s.w, s.h, s.c, s.image) - s.largest(s.w, s.h, s.image));
    s.sum = Func("sum");
    s.sum(s.w, s.h, s.image) = 0.0f;
    s.sum(s.w, s.h, s.image) += s.exponential(s.w, s.h, each.x, s.image);
    s.output = Func("output");
    s.output(s.lane, s.w, s.h, s.c, s.image) =
        kernel.is_log ? s.input(0, s.w, s.h, s.c, s.image) - s.largest(s.w, s.h, s.image) -
                            vector_log(s.sum(s.w, s.h, s.image))
                      : s.exponential(s.w, s.h, s.c, s.image) / s.sum(s.w, s.h, s.image);
    constrain_output(s.output, kernel.output);
    return s;
}

}  // namespace convoy
