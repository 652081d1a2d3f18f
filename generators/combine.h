#pragma once

namespace convoy {

// A function of two elements.
enum class Combine {
    add,
    sub,
    mul,
    div,
    min,
    max,
    pow,
    prelu,  // a < 0 ? a * b : a
};

// "add": what kernels' texts and errors call it.
const char *to_string(Combine combine);

// In double precision.
double combined(double a, double b, Combine combine);

}  // namespace convoy
