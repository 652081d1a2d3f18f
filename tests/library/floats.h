#pragma once

#include <cstddef>
#include <random>
#include <vector>

namespace convoy {

using Floats = std::vector<float>;

// Normally distributed, always the same.
inline Floats random_floats(size_t count) {
    std::mt19937 random(1);
    std::normal_distribution<float> normal;
    Floats floats(count);
    for (float &x : floats) x = normal(random);
    return floats;
}

}  // namespace convoy
