#pragma once

#include <vector>

#include "compiler/graph.h"

namespace convoy {

// What the rounding of a node's sums comes to at the graph's outputs, by node: the error there,
// relative to an output's root mean square, for each unit of error of the sums, relative to theirs;
// of several outputs, together. 0 for nodes without weights and for those that no output depends
// on. An estimate that reads the weights once: channels, pixels and errors are taken for
// independent and normally distributed, the inputs with mean 0 and variance 1 (mean field theory;
// Schoenholz, Gilmer, Ganguli and Sohl-Dickstein, "Deep Information Propagation", sections 3 and 4,
// with the weights at hand instead of their distribution). Behind many concatenations and poolings,
// as in DenseNet and GoogLeNet, the means drift away, and it is far too small.
std::vector<double> error_growth(const Graph &graph);

}  // namespace convoy
