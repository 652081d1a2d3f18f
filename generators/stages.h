#pragma once

#include <vector>

#include "Halide.h"

#include "generators/kernel.h"

// What every generator hands to a schedule: named stages, never a scheduling call.

namespace convoy {

// (lane, w, h, block, mb), constrained to the view's constant bounds and strides.
Halide::ImageParam view_param(const View &view, const char *name);
void constrain_output(Halide::Func &output, const View &view);

// Arithmetic only, within 1e-6 of activated() (absolutely where |x| is small, else relatively).
Halide::Expr activate(Halide::Expr x, const Activation &activation);

}  // namespace convoy
