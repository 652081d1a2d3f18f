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

// The kernel's arithmetic on one tile and one output channel, F(m x m, taps x taps) or F(m, kw) of
// each row.
class Tile {
public:
    Tile(const ConvProblem &problem, int m_oh, int m)
        : kh_(problem.kh),
          kw_(problem.kw),
          is_rows_only_(m_oh == 1),
          stride_(is_rows_only_ ? 1 : problem.sw),
          t_(winograd_transform(m, winograd_taps(kw_, stride_))),
          filter_(t_.filter()) {
        if (is_rows_only_) return;
        of_columns_ = winograd_transform(m_oh, winograd_taps(kh_, stride_));
        row_filter_ = of_columns_.filter();
    }

    int columns() const { return t_.points() * stride_; }
    int rows() const { return is_rows_only_ ? kh_ : of_columns_.points() * stride_; }

    // Each phase of a channel's input (rows, columns).
    std::vector<Matrix> transform(const Matrix &input) const {
        std::vector<Matrix> transformed;
        for (int phase = 0; phase < stride_ * stride_; phase++) {
            Matrix part;
            for (int y = phase / stride_; y < rows(); y += stride_) {
                part.emplace_back();
                for (int x = phase % stride_; x < columns(); x += stride_)
                    part.back().push_back(input[y][x]);
            }
            transformed.push_back(both_ways(part, [](const WinogradTransform &t, const Row &d) {
                return winograd_input(t, d);
            }));
        }
        return transformed;
    }

    // Of the transformed inputs of each channel with its weights (kh, kw).
    Matrix convolve(const std::vector<std::vector<Matrix>> &transformed,
                    const float *weights) const {
        Matrix product(is_rows_only_ ? 1 : of_columns_.points(), Row(t_.points(), 0.0f));
        for (size_t k = 0; k < transformed.size(); k++) {
            const float *taps = weights + k * kh_ * kw_;
            for (int phase = 0; phase < (int)transformed[k].size(); phase++) {
                const Matrix &part = transformed[k][phase];
                for (int i = 0; i < (int)part.size(); i++) {
                    for (int j = 0; j < t_.points(); j++)
                        product[is_rows_only_ ? 0 : i][j] +=
                            filter_at(taps, phase, i, j) * part[i][j];
                }
            }
        }
        return both_ways(product, [](const WinogradTransform &t, const Row &p) {
            return winograd_output(t, p);
        });
    }

    double exact_output(const std::vector<Matrix> &inputs, const float *weights, int y,
                        int x) const {
        double sum = 0;
        for (const Matrix &input : inputs) {
            for (int tap = 0; tap < kh_ * kw_; tap++)
                sum += (double)*weights++ * input[y * stride_ + tap / kw_][x * stride_ + tap % kw_];
        }
        return sum;
    }

private:
    // A transform of the columns, then of the rows, as the kernel does it.
    template<typename Transform>
    Matrix both_ways(const Matrix &a, Transform transform) const {
        const auto rows = [&](const Row &r) { return transform(t_, r); };
        if (is_rows_only_) return each_row(a, rows);
        const auto columns = [&](const Row &r) { return transform(of_columns_, r); };
        return each_row(transposed(each_row(transposed(a), columns)), rows);
    }

    double row_at(const float *row, int phase, int j) const {
        double sum = 0;
        for (int x = phase, k = 0; x < kw_; x += stride_, k++) sum += filter_[j][k] * row[x];
        return sum;
    }

    float filter_at(const float *taps, int phase, int i, int j) const {
        if (is_rows_only_) return (float)row_at(taps + i * kw_, 0, j);
        double sum = 0;
        for (int y = phase / stride_, k = 0; y < kh_; y += stride_, k++)
            sum += row_filter_[i][k] * row_at(taps + y * kw_, phase % stride_, j);
        return (float)sum;
    }

    int kh_, kw_;
    bool is_rows_only_;
    int stride_;
    WinogradTransform t_, of_columns_;
    std::vector<std::vector<double>> filter_, row_filter_;
};

}  // namespace

RelativeError winograd_error(const ConvProblem &problem, int m_oh, int m, const float *weights) {
    constexpr int tiles = 8, channels = 4;
    const Tile tile(problem, m_oh, m);
    const int ic = problem.ic_per_group();
    std::mt19937 random(1);
    std::normal_distribution<float> normal;
    RelativeError error;
    for (int n = 0; n < tiles; n++) {
        std::vector<Matrix> inputs(ic, Matrix(tile.rows(), Row(tile.columns())));
        std::vector<std::vector<Matrix>> transformed;
        for (Matrix &input : inputs) {
            for (Row &row : input) std::ranges::generate(row, [&] { return normal(random); });
            transformed.push_back(tile.transform(input));
        }
        for (int c = 0; c < channels; c++) {
            const float *of_channel =
                weights + int64_t{int(random() % problem.oc)} * ic * problem.kh * problem.kw;
            const Matrix found = tile.convolve(transformed, of_channel);
            for (int y = 0; y < (int)found.size(); y++) {
                for (int x = 0; x < m; x++)
                    error.add(found[y][x], tile.exact_output(inputs, of_channel, y, x));
            }
        }
    }
    return error;
}

}  // namespace convoy
