#pragma once

#include "compiler/plan/relative_error.h"
#include "generators/problem.h"

namespace convoy {

// The error of Strassen's algorithm of so many levels in single precision on a 1 x 1 convolution
// with these weights (oc, ic/g), at least as many of both as there are parts: over a sample of
// pixels and output channels, on normally distributed inputs. Channels are dealt to the parts one
// by one, where kernels deal blocks of them.
RelativeError strassen_error(const ConvProblem &problem, int levels, const float *weights);

}  // namespace convoy
