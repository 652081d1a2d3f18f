#pragma once

#include <vector>

#include "compiler/graph.h"

namespace convoy {

// Evaluates the graph in double precision, an oracle: plain loops over row-major (mb, c, h, w)
// data. Inputs and outputs stand in the graph's order. Throws std::invalid_argument when the
// inputs' number or sizes differ from the graph's.
std::vector<std::vector<double>> evaluate(const Graph &graph,
                                          const std::vector<std::vector<double>> &inputs);

}  // namespace convoy
