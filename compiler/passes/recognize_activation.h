#pragma once

#include "compiler/graph.h"

namespace convoy {

// Finds activations that exporters write as several operators, and makes each one Activate:
//   x * sigmoid(x)                              silu
//   x * hardsigmoid(x), slope 1/6               hardswish
//   x * tanh(softplus(x))                       mish
//   x * (1 + erf(x / sqrt(2))) / 2, any order   gelu
// True when it changed the graph.
bool recognize_activation(Graph &graph);

}  // namespace convoy
