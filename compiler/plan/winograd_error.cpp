#include "compiler/plan/winograd_error.h"

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

#include "generators/winograd_transform.h"

namespace convoy {

namespace {

using Row = std::vector<float>;
using Matrix = std::vector<Row>;

Matrix transposed(const Matrix &a) {
    Matrix t(a[0].size(), Row(a.size()));
    for (size_t i = 0; i < a.size(); i++) {
        for (size_t j = 0; j < a[i].size(); j++) t[j][i] = a[i][j];
    }
    return t;
}

// A transform of the columns, then of the rows, as the kernel does it.
template<typename Transform>
Matrix both_ways(const Matrix &a, Transform transform) {
    Matrix half, whole;
    for (const Row &column : transposed(a)) half.push_back(transform(column));
    for (const Row &row : transposed(half)) whole.push_back(transform(row));
    return whole;
}

float filter_at(const std::vector<std::array<double, 3>> &g, const float *taps, int i, int j) {
    double sum = 0;
    for (int y = 0; y < 3; y++) {
        for (int x = 0; x < 3; x++) sum += g[i][y] * g[j][x] * taps[y * 3 + x];
    }
    return (float)sum;
}

}  // namespace

double winograd_error(const ConvProblem &problem, int m, const float *weights) {
    constexpr int tiles = 8, channels = 4;
    const WinogradTransform t = winograd_transform(m);
    const auto filter = t.filter();
    const int points = m + 2, ic = problem.ic_per_group();
    std::mt19937 random(1);
    std::normal_distribution<float> normal;
    double largest = 0, error = 0;
    for (int tile = 0; tile < tiles; tile++) {
        std::vector<Matrix> inputs(ic, Matrix(points, Row(points))), transformed;
        for (Matrix &input : inputs) {
            for (Row &row : input) std::ranges::generate(row, [&] { return normal(random); });
            transformed.push_back(
                both_ways(input, [&](const Row &d) { return winograd_input(t, d); }));
        }
        for (int c = 0; c < channels; c++) {
            const float *row = weights + int64_t{int(random() % problem.oc)} * ic * 9;
            Matrix product(points, Row(points, 0.0f));
            for (int i = 0; i < points; i++) {
                for (int j = 0; j < points; j++) {
                    for (int k = 0; k < ic; k++)
                        product[i][j] +=
                            filter_at(filter, row + k * 9, i, j) * transformed[k][i][j];
                }
            }
            const Matrix found =
                both_ways(product, [&](const Row &p) { return winograd_output(t, p); });
            for (int y = 0; y < m; y++) {
                for (int x = 0; x < m; x++) {
                    double exact = 0;
                    for (int k = 0; k < ic; k++) {
                        for (int tap = 0; tap < 9; tap++)
                            exact += (double)row[k * 9 + tap] * inputs[k][y + tap / 3][x + tap % 3];
                    }
                    largest = std::max(largest, std::abs(exact));
                    error = std::max(error, std::abs(found[y][x] - exact));
                }
            }
        }
    }
    return largest > 0 ? error / largest : 0;
}

}  // namespace convoy
