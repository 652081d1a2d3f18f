#pragma once

#include "compiler/plan/relative_error.h"
#include "generators/problem.h"

namespace convoy {

// The error of Winograd's algorithm, with tiles of m_oh x m outputs or of m along rows only, where
// m_oh is 1, in single precision on a convolution with these weights (oc, ic/g, kh, kw): over a
// sample of tiles and output channels, on normally distributed inputs.
RelativeError winograd_error(const ConvProblem &problem, int m_oh, int m, const float *weights);

}  // namespace convoy
