#pragma once

#include <array>
#include <cmath>
#include <vector>

namespace convoy {

// The minimal filtering algorithm F(m x m, 3 x 3) at the points 0, +-p for p in `pairs`, and
// infinity: an m x m tile of output costs (m + 2)^2 products a pair of channels instead of 9 m^2.
// Lavin and Gray, "Fast algorithms for convolutional neural networks" (2016), section 4; the
// transforms are Toom and Cook's, written as even and odd halves that two points share.
struct WinogradTransform {
    int m;                      // 2, 4 or 6
    std::vector<double> pairs;  // m / 2 of them

    // Point j of 0, +p0, -p0, +p1, -p1, ...; number m + 1 is infinity and has no value.
    double point(int j) const;
    // (m + 2) x 3: takes a filter to its values at the points over their Lagrange denominators.
    std::vector<std::array<double, 3>> filter() const;
    // Coefficients of (x^2)^0, (x^2)^1, .. of the product of (x^2 - q^2) over all pairs q but
    // number `without`.
    std::vector<double> even_product(int without) const;
};

// m is 2, 4 or 6.
WinogradTransform winograd_transform(int m);

// T is float or Halide::Expr.
template<typename T>
T weighted_sum(const std::vector<double> &weights, const std::vector<T> &x, int first, int step) {
    T total = (float)weights[0] * x[first];
    for (size_t k = 1; k < weights.size(); k++)
        total = total + (float)weights[k] * x[first + k * step];
    return total;
}

// The values at m + 2 points of m + 2 inputs in a row. The polynomial of a pair's point +-p is
// x (x +- p) Q(x^2): its even part serves both.
template<typename T>
std::vector<T> winograd_input(const WinogradTransform &t, const std::vector<T> &d) {
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

// The m outputs of a row from the products at m + 2 points.
template<typename T>
std::vector<T> winograd_output(const WinogradTransform &t, const std::vector<T> &product) {
    std::vector<T> row;
    for (int k = 0; k < t.m; k++) {
        T total = k == 0 ? product[0] : product[t.m + 1];
        const bool has_end = k == 0 || k == t.m - 1;
        for (int pair = 0; pair < (int)t.pairs.size(); pair++) {
            const T plus = product[1 + 2 * pair], minus = product[2 + 2 * pair];
            const T term =
                (float)std::pow(t.pairs[pair], k) * (k % 2 == 0 ? plus + minus : plus - minus);
            total = pair == 0 && !has_end ? term : total + term;
        }
        row.push_back(total);
    }
    return row;
}

}  // namespace convoy
