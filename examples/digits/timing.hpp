// Times one call for each image, several rounds over all images.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <vector>

namespace example {

constexpr std::size_t kRounds = 20;

struct Timing {
    double median_us;
    double minimum_us;
};

// Calls `classify(i)` for every image: one round to warm up, then kRounds timed rounds.
template<typename Classify>
Timing time_per_image(std::size_t images, Classify classify) {
    using Clock = std::chrono::steady_clock;
    for (std::size_t i = 0; i < images; ++i) {
        classify(i);
    }
    std::vector<double> samples;
    samples.reserve(images * kRounds);
    for (std::size_t round = 0; round < kRounds; ++round) {
        for (std::size_t i = 0; i < images; ++i) {
            const Clock::time_point start = Clock::now();
            classify(i);
            const std::chrono::duration<double, std::micro> elapsed = Clock::now() - start;
            samples.push_back(elapsed.count());
        }
    }
    std::sort(samples.begin(), samples.end());
    return {samples[samples.size() / 2], samples.front()};
}

}  // namespace example
