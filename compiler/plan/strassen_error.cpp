#include "compiler/plan/strassen_error.h"

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

#include "generators/strassen_transform.h"

namespace convoy {

namespace {

using Floats = std::vector<float>;

// As many output channels and pixels as there are parts, by the kernel's arithmetic: products of
// the sums of `weights` (channel of a part, row * parts + column) and `inputs` (channel of a part,
// block).
Floats strassen_result_of(int levels, const std::vector<Floats> &weights,
                          const std::vector<Floats> &inputs) {
    const auto left = strassen_left(levels);
    Floats products(left.size(), 0.0f);
    for (size_t c = 0; c < inputs.size(); c++) {
        const Floats factors = strassen_inputs(levels, inputs[c]);
        for (size_t n = 0; n < left.size(); n++) {
            double sum = 0;
            for (size_t k = 0; k < left[n].size(); k++) sum += left[n][k] * weights[c][k];
            products[n] += (float)sum * factors[n];
        }
    }
    return strassen_outputs(levels, products);
}

}  // namespace

RelativeError strassen_error(const ConvProblem &problem, int levels, const float *weights) {
    constexpr int samples = 32;
    const int ic = problem.ic_per_group(), parts = strassen_parts(levels), blocks = parts * parts;
    std::mt19937 random(1);
    std::normal_distribution<float> normal;
    RelativeError error;
    for (int n = 0; n < samples; n++) {
        const int first = int(random() % (problem.oc / parts)) * parts;
        std::vector<Floats> of_parts(ic / parts, Floats(blocks)), inputs = of_parts;
        for (int c = 0; c < ic / parts; c++) {
            std::ranges::generate(inputs[c], [&] { return normal(random); });
            for (int row = 0; row < parts; row++) {
                const float *of_channel = weights + int64_t{first + row} * ic + c * parts;
                std::copy_n(of_channel, parts, &of_parts[c][row * parts]);
            }
        }
        const Floats found = strassen_result_of(levels, of_parts, inputs);
        for (int number = 0; number < blocks; number++) {
            const auto [row, column] = strassen_block(levels, number);
            double exact = 0;
            for (int k = 0; k < ic / parts * parts; k++) {
                const int block = strassen_number(levels, {k % parts, column});
                exact += (double)weights[int64_t{first + row} * ic + k] * inputs[k / parts][block];
            }
            error.add(found[number], exact);
        }
    }
    return error;
}

}  // namespace convoy
