// Products, reductions and layer normalisation.

#include <array>

#include "tests/kernels/board_test.h"

namespace convoy {
namespace {

class Matrix : public BoardTest {};

INSTANTIATE_TEST_SUITE_P(Boards, Matrix, every_board(), board_of);

TEST_P(Matrix, ProductsAreExact) {
    struct Case {
        int mb, c, m, k, n;
    };
    for (const Case &p : {Case{1, 1, 1, 1, 1}, Case{1, 1, 7, 5, 3}, Case{2, 3, 6, 17, 32},
                          Case{1, 2, 13, 24, 65}, Case{1, 1, 40, 3, 16}}) {
        for (const bool is_input_transposed : {false, true}) {
            for (const bool is_right_transposed : {false, true}) {
                const auto view = [&](int mb, int c, int h, int w, bool is_transposed) {
                    if (is_transposed) std::swap(h, w);
                    return make_view(mb, c, h, w, {}, 1);
                };
                MatMulKernel kernel{view(p.mb, p.c, p.m, p.k, is_input_transposed),
                                    view(p.mb, p.c, p.k, p.n, is_right_transposed),
                                    view(p.mb, p.c, p.m, p.n, false), is_input_transposed,
                                    is_right_transposed};
                expect_right(KernelCase(kernel));
                // One operand of one batch, shared by all.
                kernel.right.mb = kernel.right.c = 1;
                kernel.right.blocks = 1;
                expect_right(KernelCase(kernel));
            }
        }
    }
}

// Columns of channels beside one another, and rows that lie contiguously.
constexpr int shapes[][4] = {{1, 10, 1, 1}, {3, 1000, 1, 1}, {2, 37, 1, 1},
                             {2, 7, 3, 19}, {1, 5, 1, 64},   {1, 33, 2, 1}};

TEST_P(Matrix, ReductionsAreExact) {
    for (const auto &[mb, c, h, w] : shapes) {
        const View whole = make_view(mb, c, h, w, {}, 1), one = make_view(mb, 1, h, w, {}, 1);
        for (const Reduction reduction : {Reduction::sum, Reduction::max, Reduction::min}) {
            expect_right(KernelCase(ReduceKernel{whole, one, reduction}));
        }
        expect_right(KernelCase(ReduceKernel{whole, one, Reduction::mean}, 1e-6));
        const ReduceKernel product{whole, one, Reduction::product};
        Operands operands = integer_operands(product);
        for (float &x : operands.input.values) x = x < 0 ? -1 : x > 40 ? 2 : 1;
        expect_right(KernelCase(product, operands, 1e-6));
    }
}

TEST_P(Matrix, LayerNormalization) {
    for (const auto &[mb, c, h, w] : shapes) {
        const View view = make_view(mb, c, h, w, {}, 1);
        expect_right(KernelCase(NormalizeKernel{view, view, 1e-5f}, 1e-5));
    }
}

// Blocks of channels, with halos, and interleaved; columns that tiles do not divide.
TEST_P(Matrix, LayerNormalizationOfBlocks) {
    const int vector = board_.vector_floats;
    for (const auto &[mb, c, h, w] :
         {std::array{1, 1, 1, 1}, {2, 3, 2, 7}, {1, 2, 3, 11}, {1, 1, 2, 3}, {1, 4, 1, 16}}) {
        for (const int block : {vector, vector / 2}) {
            for (const int groups : {1, block}) {
                if (block < 2) continue;
                View view = make_view(mb, c * vector, h, w, {block, groups}, vector);
                const View plain = view;
                view.halo = {1, 2, 0, 1};
                expect_right(KernelCase(NormalizeKernel{plain, plain, 1e-5f}, 1e-5));
                expect_right(KernelCase(NormalizeKernel{view, plain, 1e-5f}, 1e-5));
                expect_right(KernelCase(NormalizeKernel{plain, view, 1e-5f}, 1e-5));
            }
        }
    }
}

}  // namespace
}  // namespace convoy
