#include "generators/strassen_transform.h"

namespace convoy {

namespace {

// (products, blocks), the blocks in the order 11, 12, 21, 22.
const int left[7][4] = {
    {1, 0, 0, 1}, {0, 0, 1, 1},  {1, 0, 0, 0},  {0, 0, 0, 1},
    {1, 1, 0, 0}, {-1, 0, 1, 0}, {0, 1, 0, -1},
};

}  // namespace

const std::vector<std::vector<int>> strassen_right = {
    {1, 0, 0, 1}, {1, 0, 0, 0}, {0, 1, 0, -1}, {-1, 0, 1, 0},
    {0, 0, 0, 1}, {1, 1, 0, 0}, {0, 0, 1, 1},
};

const std::vector<std::vector<int>> strassen_result = {
    {1, 0, 0, 1, -1, 0, 1},
    {0, 0, 1, 0, 1, 0, 0},
    {0, 1, 0, 1, 0, 0, 0},
    {1, -1, 1, 0, 0, 1, 0},
};

StrassenBlock strassen_block(int levels, int number) {
    StrassenBlock block{0, 0};
    for (int level = levels - 1; level >= 0; level--) {
        const int digit = number >> 2 * level & 3;
        block = {block.row * 2 + digit / 2, block.column * 2 + digit % 2};
    }
    return block;
}

int strassen_number(int levels, StrassenBlock block) {
    int number = 0;
    for (int level = levels - 1; level >= 0; level--)
        number = number * 4 + (block.row >> level & 1) * 2 + (block.column >> level & 1);
    return number;
}

std::vector<std::vector<double>> strassen_left(int levels) {
    const int parts = strassen_parts(levels);
    std::vector<std::vector<double>> rows;
    for (int product = 0; product < strassen_products(levels); product++) {
        std::vector<double> row((size_t)parts * parts, 0.0);
        for (int number = 0; number < parts * parts; number++) {
            double coefficient = 1;
            int of_product = product, of_block = number;
            for (int level = 0; level < levels; level++, of_product /= 7, of_block /= 4)
                coefficient *= left[of_product % 7][of_block % 4];
            const StrassenBlock block = strassen_block(levels, number);
            row[block.row * parts + block.column] = coefficient;
        }
        rows.push_back(row);
    }
    return rows;
}

}  // namespace convoy
