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

template<typename Transform>
Matrix each_row(const Matrix &a, Transform transform) {
    Matrix rows;
    for (const Row &row : a) rows.push_back(transform(row));
    return rows;
}

// The kernel's arithmetic on one tile and one output channel, F(m x m, 3 x 3) or F(m, 3) of each
// row.
class Tile {
public:
    Tile(const ConvProblem &problem, int m, bool is_rows_only)
        : t_(winograd_transform(m)),
          filter_(t_.filter()),
          kernel_rows_(is_rows_only ? problem.kh : 3),
          is_rows_only_(is_rows_only) {}

    int columns() const { return t_.m + 2; }
    int rows() const { return is_rows_only_ ? kernel_rows_ : t_.m + 2; }

    Matrix transform(const Matrix &input) const {
        return both_ways(input, [&](const Row &d) { return winograd_input(t_, d); });
    }

    // Of the transformed inputs of each channel with its (rows, 3) weights.
    Matrix convolve(const std::vector<Matrix> &transformed, const float *weights) const {
        Matrix product(is_rows_only_ ? 1 : rows(), Row(columns(), 0.0f));
        for (size_t k = 0; k < transformed.size(); k++) {
            const float *taps = weights + k * kernel_rows_ * 3;
            for (int i = 0; i < rows(); i++) {
                for (int j = 0; j < columns(); j++)
                    product[is_rows_only_ ? 0 : i][j] +=
                        filter_at(taps, i, j) * transformed[k][i][j];
            }
        }
        return both_ways(product, [&](const Row &p) { return winograd_output(t_, p); });
    }

private:
    // A transform of the columns, then of the rows, as the kernel does it.
    template<typename Transform>
    Matrix both_ways(const Matrix &a, Transform transform) const {
        if (is_rows_only_) return each_row(a, transform);
        return each_row(transposed(each_row(transposed(a), transform)), transform);
    }

    float filter_at(const float *taps, int i, int j) const {
        double sum = 0;
        for (int x = 0; x < 3; x++) {
            double column = 0;
            if (is_rows_only_) column = taps[i * 3 + x];
            for (int y = 0; y < 3 && !is_rows_only_; y++) column += filter_[i][y] * taps[y * 3 + x];
            sum += filter_[j][x] * column;
        }
        return (float)sum;
    }

    WinogradTransform t_;
    std::vector<std::array<double, 3>> filter_;
    int kernel_rows_;
    bool is_rows_only_;
};

double exact_output(const std::vector<Matrix> &inputs, const float *weights, int kernel_rows, int y,
                    int x) {
    double sum = 0;
    for (const Matrix &input : inputs) {
        for (int tap = 0; tap < kernel_rows * 3; tap++)
            sum += (double)*weights++ * input[y + tap / 3][x + tap % 3];
    }
    return sum;
}

}  // namespace

double winograd_error(const ConvProblem &problem, int m, bool is_rows_only, const float *weights) {
    constexpr int tiles = 8, channels = 4;
    const Tile tile(problem, m, is_rows_only);
    const int ic = problem.ic_per_group();
    std::mt19937 random(1);
    std::normal_distribution<float> normal;
    double largest = 0, error = 0;
    for (int n = 0; n < tiles; n++) {
        std::vector<Matrix> inputs(ic, Matrix(tile.rows(), Row(tile.columns()))), transformed;
        for (Matrix &input : inputs) {
            for (Row &row : input) std::ranges::generate(row, [&] { return normal(random); });
            transformed.push_back(tile.transform(input));
        }
        for (int c = 0; c < channels; c++) {
            const float *of_channel =
                weights + int64_t{int(random() % problem.oc)} * ic * problem.kh * 3;
            const Matrix found = tile.convolve(transformed, of_channel);
            for (int y = 0; y < (int)found.size(); y++) {
                for (int x = 0; x < m; x++) {
                    const double exact = exact_output(inputs, of_channel, problem.kh, y, x);
                    largest = std::max(largest, std::abs(exact));
                    error = std::max(error, std::abs(found[y][x] - exact));
                }
            }
        }
    }
    return largest > 0 ? error / largest : 0;
}

}  // namespace convoy
