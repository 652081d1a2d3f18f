#include "generators/combine.h"

#include <algorithm>
#include <cmath>

namespace convoy {

const char *to_string(Combine combine) {
    static const char *const names[] = {"add", "sub", "mul", "div", "min", "max", "pow", "prelu"};
    return names[int(combine)];
}

double combined(double a, double b, Combine combine) {
    switch (combine) {
        case Combine::add:
            return a + b;
        case Combine::sub:
            return a - b;
        case Combine::mul:
            return a * b;
        case Combine::div:
            return a / b;
        case Combine::min:
            return std::min(a, b);
        case Combine::max:
            return std::max(a, b);
        case Combine::pow:
            return std::pow(a, b);
        case Combine::prelu:
            return a < 0 ? a * b : a;
    }
    return a;
}

}  // namespace convoy
