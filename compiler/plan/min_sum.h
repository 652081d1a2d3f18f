#pragma once

#include <cstddef>
#include <vector>

namespace convoy {

// A cost over a few variables: one entry for each choice of their values, the first variable
// fastest.
struct Factor {
    std::vector<int> variables;
    std::vector<double> cost;
};

// The values (0 .. domains[v] - 1 for variable v) whose factors cost least in total, by variable
// elimination: exact while no intermediate factor exceeds `max_entries`; beyond that the most
// connected variable is fixed to the value with the best lower bound first. Deterministic; ties go
// to the lower value.
std::vector<int> minimize(const std::vector<int> &domains, std::vector<Factor> factors,
                          size_t max_entries = 1 << 18);

}  // namespace convoy
