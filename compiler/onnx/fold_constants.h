#pragma once

#include "compiler/onnx/node.h"

namespace convoy {

// Arithmetic on constants, which exporters use to compute shapes: evaluates a node of which only
// constants, or only the dims of an activation, are read. False where it is no such node. The
// importers of data movement treat constants themselves.
bool fold_constants(OnnxNode &node);

}  // namespace convoy
