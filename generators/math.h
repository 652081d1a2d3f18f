#pragma once

#include "Halide.h"

// Elementary functions of float32 as arithmetic, for scalars and vectors alike: kernels link
// against nothing, and Halide's own exp, tanh and company are calls into libm where they are not in
// a vector. Errors are relative unless said otherwise; results beyond float32's range are its ends.

namespace convoy {

Halide::Expr vector_exp(Halide::Expr x);       // 2e-7; for x in [-87, 88], beyond as at the ends
Halide::Expr vector_log(Halide::Expr x);       // 2e-7; -infinity at 0, NaN below
Halide::Expr vector_log1p_01(Halide::Expr x);  // log(1 + x) for x in [0, 1], 2e-7
Halide::Expr vector_tanh(Halide::Expr x);      // 4e-7
Halide::Expr vector_erf(Halide::Expr x);       // 5e-7
Halide::Expr vector_sigmoid(Halide::Expr x);   // 3e-7

}  // namespace convoy
