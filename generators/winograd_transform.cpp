#include "generators/winograd_transform.h"

namespace convoy {

WinogradTransform winograd_transform(int m) {
    static const double points[] = {1, 2, 0.5};
    return {m, {points, points + m / 2}};
}

double WinogradTransform::point(int j) const {
    if (j == 0) return 0;
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

std::vector<std::array<double, 3>> WinogradTransform::filter() const {
    std::vector<std::array<double, 3>> rows;
    for (int j = 0; j < m + 1; j++) {
        double denominator = 1;
        for (int other = 0; other < m + 1; other++) {
            if (other != j) denominator *= point(j) - point(other);
        }
        rows.push_back(
            {1 / denominator, point(j) / denominator, point(j) * point(j) / denominator});
    }
    rows.push_back({0, 0, 1});
    return rows;
}

}  // namespace convoy
