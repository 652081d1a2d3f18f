#pragma once

#include "generators/problem.h"

namespace convoy {

// The error of F(m x m, 3 x 3), or of F(m, 3) along rows only, in single precision on a convolution
// with these weights (oc, ic/g, kh, 3), relative to the largest output: the largest over a sample
// of tiles and output channels, on normally distributed inputs.
double winograd_error(const ConvProblem &problem, int m, bool is_rows_only, const float *weights);

}  // namespace convoy
