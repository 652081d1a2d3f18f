#include "generators/reduce.h"

#include <limits>

namespace convoy {

using namespace Halide;

ReduceStages reduce(const ReduceKernel &kernel) {
    ReduceStages s;
    s.input = view_param(kernel.input, "input");
    RDom all(0, kernel.input.c, "all");
    s.each = all.x;
    const Expr element = s.input(0, s.w, s.h, all.x, s.image);
    constexpr float infinity = std::numeric_limits<float>::infinity();

    s.reduced = Func("reduced");
    FuncRef value = s.reduced(s.w, s.h, s.image);
    switch (kernel.reduction) {
        case Reduction::sum:
        case Reduction::mean:
            value = 0.0f;
            value += element;
            break;
        case Reduction::product:
            value = 1.0f;
            value *= element;
            break;
        case Reduction::max:
            value = -infinity;
            value = max(value, element);
            break;
        case Reduction::min:
            value = infinity;
            value = min(value, element);
            break;
    }
    s.output = Func("output");
    const Expr result = s.reduced(s.w, s.h, s.image);
    s.output(s.lane, s.w, s.h, s.c, s.image) =
        kernel.reduction == Reduction::mean ? result / float(kernel.input.c) : result;
    constrain_output(s.output, kernel.output);
    return s;
}

}  // namespace convoy
