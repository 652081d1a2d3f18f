#pragma once

#include <cstddef>
#include <vector>

namespace convoy {

// Products of matrices of 2 x 2 blocks in 7 products of blocks where the definition has 8, and
// those again so, `levels` times: Strassen, "Gaussian elimination is not optimal" (1969). Blocks
// are numbered by a digit a level, the first level's first: 2 * row + column of 2 x 2. Of the left
// matrix a row is one of outputs, a column one of the sum.

constexpr int strassen_parts(int levels) {  // of each side of a matrix
    return 1 << levels;
}
constexpr int strassen_products(int levels) {
    return levels == 0 ? 1 : 7 * strassen_products(levels - 1);
}

struct StrassenBlock {
    int row, column;
};
StrassenBlock strassen_block(int levels, int number);
int strassen_number(int levels, StrassenBlock block);

// (products, parts * row + column): each product's left factor as a sum of the left blocks.
std::vector<std::vector<double>> strassen_left(int levels);

// Of one level: what each product's right factor sums of the right blocks, and what each block of
// the result sums of the products.
extern const std::vector<std::vector<int>> strassen_right, strassen_result;

// Coefficients are 0, 1 and -1. T is float or Halide::Expr.
template<typename T>
std::vector<T> strassen_sum(const std::vector<int> &coefficients,
                            const std::vector<std::vector<T>> &x) {
    size_t first = 0;
    while (coefficients[first] != 1) first++;
    std::vector<T> total = x[first];
    for (size_t k = 0; k < x.size(); k++) {
        if (k == first || coefficients[k] == 0) continue;
        for (size_t n = 0; n < total.size(); n++)
            total[n] = coefficients[k] > 0 ? total[n] + x[k][n] : total[n] - x[k][n];
    }
    return total;
}

template<typename T>
std::vector<std::vector<T>> strassen_split(const std::vector<T> &all, size_t count) {
    std::vector<std::vector<T>> parts;
    const auto size = (std::ptrdiff_t)(all.size() / count);
    for (auto at = all.begin(); at != all.end(); at += size) parts.emplace_back(at, at + size);
    return parts;
}

// The right factors of all products from the right blocks.
template<typename T>
std::vector<T> strassen_inputs(int levels, const std::vector<T> &blocks) {
    if (levels == 0) return blocks;
    std::vector<T> factors;
    for (const std::vector<int> &coefficients : strassen_right) {
        const std::vector<T> inner =
            strassen_inputs(levels - 1, strassen_sum(coefficients, strassen_split(blocks, 4)));
        factors.insert(factors.end(), inner.begin(), inner.end());
    }
    return factors;
}

// The blocks of the result from all products.
template<typename T>
std::vector<T> strassen_outputs(int levels, const std::vector<T> &products) {
    if (levels == 0) return products;
    std::vector<std::vector<T>> inner;
    for (const std::vector<T> &part : strassen_split(products, 7))
        inner.push_back(strassen_outputs(levels - 1, part));
    std::vector<T> blocks;
    for (const std::vector<int> &coefficients : strassen_result) {
        const std::vector<T> sums = strassen_sum(coefficients, inner);
        blocks.insert(blocks.end(), sums.begin(), sums.end());
    }
    return blocks;
}

}  // namespace convoy
