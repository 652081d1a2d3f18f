#pragma once

#include <initializer_list>
#include <random>
#include <vector>

namespace convoy {

// Choices that depend on two numbers alone.
class Random {
public:
    Random(uint32_t seed, uint32_t stream) {
        std::seed_seq numbers{seed, stream};
        engine_.seed(numbers);
    }
    // low..high, both included.
    int between(int low, int high) { return low + int(engine_() % uint32_t(high - low + 1)); }
    bool chance(int percent) { return between(1, 100) <= percent; }
    int one_of(std::initializer_list<int> values) {
        return values.begin()[between(0, (int)values.size() - 1)];
    }
    template<typename T>
    const T &one_of(const std::vector<T> &values) {
        return values[between(0, (int)values.size() - 1)];
    }

private:
    std::mt19937 engine_;
};

}  // namespace convoy
