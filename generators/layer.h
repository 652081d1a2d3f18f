#pragma once

#include <string>

#include "generators/problem.h"

namespace convoy {

// One layer: a convolution and what follows it. Its descriptor is the problem's, with a name and an
// epilogue: g4ic64ih56oc64oh56kh3ph1n"res2a"+bias+add+relu
struct Layer {
    ConvProblem problem;
    std::string name;  // empty: none
    bool has_bias = false;
    bool has_addend = false;  // a residual of the output's dims
    Activation activation;

    bool operator==(const Layer &) const = default;
};

std::string to_string(const Layer &layer);

// Throws std::invalid_argument naming what was found and what was expected.
Layer parse_layer(const std::string &descriptor);

}  // namespace convoy
