#include "generators/winograd_transform.h"

namespace convoy {

std::vector<int> winograd_sizes(int taps) {
    std::vector<int> sizes;
    for (const int points : {4, 6, 7, 8}) {
        if (taps > 2 && points - taps + 1 >= 2) sizes.push_back(points - taps + 1);
    }
    return sizes;
}

WinogradTransform winograd_transform(int m, int taps) {
    // Powers of two, which multiply exactly, in the order that errs least in 32 bits.
    static const double pairs[] = {1, 2, 0.5};
    const int others = m + taps - 3;
    WinogradTransform t{m, taps, {pairs, pairs + others / 2}, {}};
    if (others % 2 == 1) t.single = -0.25;
    return t;
}

double WinogradTransform::point(int j) const {
    if (j == 0) return 0;
    if (j > 2 * (int)pairs.size()) return *single;
    return pairs[(j - 1) / 2] * (j % 2 == 1 ? 1 : -1);
}

std::vector<double> WinogradTransform::even_product(int without) const {
    std::vector<double> product = {1};
    for (int pair = 0; pair < (int)pairs.size(); pair++) {
        if (pair == without) continue;
        std::vector<double> next(product.size() + 1, 0);
        for (size_t k = 0; k < product.size(); k++) {
            next[k + 1] += product[k];
            next[k] -= product[k] * pairs[pair] * pairs[pair];
        }
        product = next;
    }
    return product;
}

std::vector<std::vector<double>> WinogradTransform::filter() const {
    const int finite = points() - 1;
    std::vector<std::vector<double>> rows;
    for (int j = 0; j < finite; j++) {
        double denominator = 1;
        for (int other = 0; other < finite; other++) {
            if (other != j) denominator *= point(j) - point(other);
        }
        std::vector<double> row;
        for (int k = 0; k < taps; k++) row.push_back(std::pow(point(j), k) / denominator);
        rows.push_back(row);
    }
    rows.emplace_back(taps, 0.0).back() = 1;
    return rows;
}

}  // namespace convoy
