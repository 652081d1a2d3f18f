#include "tests/kernels/board_test.h"

namespace convoy {
namespace {

constexpr double tolerance = 1e-6;

class Softmax : public BoardTest {
protected:
    SoftmaxKernel kernel_of(int mb, int c, int h, int w) const {
        const View view = make_view(mb, c, h, w, {}, board_.vector_floats);
        return {.input = view, .output = view};
    }

    // Every value of the input times `factor` plus `offset`.
    KernelCase scaled(const SoftmaxKernel &kernel, float factor, float offset) const {
        Operands operands = integer_operands(kernel);
        for (float &value : operands.input.values) value = value * factor + offset;
        return {kernel, std::move(operands), tolerance};
    }
};

INSTANTIATE_TEST_SUITE_P(Boards, Softmax, every_board(), board_of);

TEST_P(Softmax, MatchesReference) {
    for (const SoftmaxKernel &kernel : {kernel_of(1, 10, 1, 1), kernel_of(1, 1000, 1, 1),
                                        kernel_of(2, 7, 3, 19), kernel_of(3, 1, 2, 2)}) {
        expect_right(scaled(kernel, 0.125f, 0));
        SoftmaxKernel logarithm = kernel;
        logarithm.is_log = true;
        expect_right(scaled(logarithm, 0.125f, 0));
    }
}

TEST_P(Softmax, LargeValuesDoNotOverflow) {
    for (const float offset : {-10000.0f, 0.0f, 10000.0f}) {
        expect_right(scaled(kernel_of(2, 10, 2, 5), 1, offset));
        expect_right(scaled(kernel_of(2, 10, 2, 5), 0, offset));
        expect_right(scaled(kernel_of(2, 10, 2, 5), 200, offset));
    }
}

TEST_P(Softmax, KeepsHalos) {
    SoftmaxKernel kernel = kernel_of(2, 6, 4, 5);
    kernel.input.halo = {1, 2, 0, 1};
    kernel.output.halo = {2, 1, 1, 0};
    expect_right(scaled(kernel, 0.125f, 0));
}

}  // namespace
}  // namespace convoy
