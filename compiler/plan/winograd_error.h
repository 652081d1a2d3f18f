#pragma once

#include "generators/problem.h"

namespace convoy {

// The error of F(m x m, 3 x 3) in single precision on a convolution with these weights
// (oc, ic/g, 3, 3), relative to the largest output: the largest over a sample of tiles and output
// channels, on normally distributed inputs.
double winograd_error(const ConvProblem &problem, int m, const float *weights);

}  // namespace convoy
