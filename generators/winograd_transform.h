#pragma once

#include <cmath>
#include <optional>
#include <vector>

namespace convoy {

// The minimal filtering algorithm F(m, taps) at the points 0, +-p for p in `pairs`, `single` where
// their number is odd, and infinity: m outputs of a row cost m + taps - 1 products instead of
// m * taps. F(m x m, taps x taps) applies it to the columns, then to the rows. Lavin and Gray,
// "Fast algorithms for convolutional neural networks" (2016), section 4; the transforms are Toom
// and Cook's, written as even and odd halves that two points share.
struct WinogradTransform {
    int m = 0, taps = 0;
    std::vector<double> pairs;
    std::optional<double> single;

    int points() const { return m + taps - 1; }
    // Point j of 0, +p0, -p0, +p1, -p1, ..., the single one; the last is infinity and has no value.
    double point(int j) const;
    // (points, taps): takes a filter to its values at the points over their Lagrange denominators.
    std::vector<std::vector<double>> filter() const;
    // Coefficients of (x^2)^0, (x^2)^1, .. of the product of (x^2 - q^2) over all pairs q but
    // number `without`.
    std::vector<double> even_product(int without) const;
};

// The m >= 2 that there are transforms of: m + taps - 1 is 4, 6, 7 or 8. Seven points are for
// planes that their tiles divide better: 14 x 14 in 9 tiles of 5 x 5. None of 2 taps: they save too
// few products, and no 3x3 kernel of stride 2 was faster by them.
std::vector<int> winograd_sizes(int taps);
WinogradTransform winograd_transform(int m, int taps);

// A row of `kernel` taps with a stride is the sum of `stride` rows of this many, of stride 1, each
// over the inputs of one phase: those at positions of one remainder by the stride.
constexpr int winograd_taps(int kernel, int stride) {
    return (kernel + stride - 1) / stride;
}

// T is float or Halide::Expr.
template<typename T>
T weighted_sum(const std::vector<double> &weights, const std::vector<T> &x, int first, int step) {
    T total = (float)weights[0] * x[first];
    for (size_t k = 1; k < weights.size(); k++)
        total = total + (float)weights[k] * x[first + k * step];
    return total;
}

// The values at 0, the pairs and infinity. The polynomial of a pair's point +-p is
// x (x +- p) Q(x^2): its even part serves both.
template<typename T>
std::vector<T> winograd_input_of_pairs(const WinogradTransform &t, const std::vector<T> &d) {
    const std::vector<double> all = t.even_product(-1);
    std::vector<T> points = {weighted_sum(all, d, 0, 2)};
    for (int pair = 0; pair < (int)t.pairs.size(); pair++) {
        const std::vector<double> q = t.even_product(pair);
        const T even = weighted_sum(q, d, 2, 2);
        const T odd = (float)t.pairs[pair] * weighted_sum(q, d, 1, 2);
        points.push_back(even + odd);
        points.push_back(even - odd);
    }
    points.push_back(weighted_sum(all, d, 1, 2));
    return points;
}

// The values at the points of as many inputs in a row. A single point s multiplies the polynomials
// of the others by x - s; its own is what infinity's is without it.
template<typename T>
std::vector<T> winograd_input(const WinogradTransform &t, const std::vector<T> &d) {
    if (!t.single) return winograd_input_of_pairs(t, d);
    std::vector<T> multiplied;
    for (size_t k = 0; k + 1 < d.size(); k++)
        multiplied.push_back(d[k + 1] + (float)-*t.single * d[k]);
    std::vector<T> points = winograd_input_of_pairs(t, multiplied);
    points.insert(points.end() - 1, weighted_sum(t.even_product(-1), d, 1, 2));
    return points;
}

// The m outputs of a row from the products at the points.
template<typename T>
std::vector<T> winograd_output(const WinogradTransform &t, const std::vector<T> &product) {
    std::vector<T> row;
    for (int k = 0; k < t.m; k++) {
        T total = k == 0 ? product[0] : product.back();
        const bool has_end = k == 0 || k == t.m - 1;
        for (int pair = 0; pair < (int)t.pairs.size(); pair++) {
            const T plus = product[1 + 2 * pair], minus = product[2 + 2 * pair];
            const T term =
                (float)std::pow(t.pairs[pair], k) * (k % 2 == 0 ? plus + minus : plus - minus);
            total = pair == 0 && !has_end ? term : total + term;
        }
        if (t.single) total = total + (float)std::pow(*t.single, k) * product[t.m + t.taps - 3];
        row.push_back(total);
    }
    return row;
}

}  // namespace convoy
