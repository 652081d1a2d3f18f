#include "generators/strassen_transform.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace convoy {
namespace {

TEST(StrassenTransform, NumbersBlocksALevelADigit) {
    for (int levels = 0; levels <= 3; levels++) {
        const int parts = strassen_parts(levels);
        for (int number = 0; number < parts * parts; number++) {
            const StrassenBlock block = strassen_block(levels, number);
            EXPECT_EQ(strassen_number(levels, block), number);
            EXPECT_LT(block.row, parts);
            EXPECT_LT(block.column, parts);
        }
    }
    EXPECT_EQ(strassen_number(2, {0, 2}), 4);  // in the second of the first level's columns
}

// Blocks of one element each, on small integers: exact.
TEST(StrassenTransform, IsTheProductOfMatrices) {
    std::mt19937 random(5);
    for (int levels = 0; levels <= 3; levels++) {
        const int parts = strassen_parts(levels), blocks = parts * parts;
        std::vector<double> left(blocks), right(blocks);  // by number
        for (double &x : left) x = (int)(random() % 17) - 8;
        for (double &x : right) x = (int)(random() % 17) - 8;
        std::vector<double> products = strassen_inputs(levels, right);
        const auto sums = strassen_left(levels);
        ASSERT_EQ((int)products.size(), strassen_products(levels));
        ASSERT_EQ(sums.size(), products.size());
        for (size_t n = 0; n < products.size(); n++) {
            double sum = 0;
            for (int number = 0; number < blocks; number++) {
                const auto [row, column] = strassen_block(levels, number);
                sum += sums[n][row * parts + column] * left[number];
            }
            products[n] *= sum;
        }
        const std::vector<double> found = strassen_outputs(levels, products);
        for (int number = 0; number < blocks; number++) {
            const auto [row, column] = strassen_block(levels, number);
            double expected = 0;
            for (int k = 0; k < parts; k++)
                expected += left[strassen_number(levels, {row, k})] *
                            right[strassen_number(levels, {k, column})];
            EXPECT_EQ(found[number], expected) << levels << " " << number;
        }
    }
}

}  // namespace
}  // namespace convoy
