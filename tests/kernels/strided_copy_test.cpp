#include "tests/kernels/board_test.h"

namespace convoy {
namespace {

class StridedCopies : public BoardTest {
protected:
    void expect_copied(const CopyProblem &copy, int64_t input_count) {
        check(copy, input_count);
        const View input{.w = (int)input_count}, output{.w = (int)copy.count()};
        expect_right(KernelCase(StridedCopyKernel{input, output, copy}));
    }
};

INSTANTIATE_TEST_SUITE_P(Boards, StridedCopies, every_board(), board_of);

TEST_P(StridedCopies, Transpose) {
    expect_copied({{{5, 1, 0, 5}, {7, 5, 0, 7}}}, 35);
    expect_copied({{{3, 1, 0, 3}, {2, 3 * 40, 0, 2}, {40, 3, 0, 40}}}, 240);
}

TEST_P(StridedCopies, SlicesAndReverses) {
    expect_copied({{{3, 20, 0, 3}, {33, 2, 0, 33}}, 5}, 111);
    expect_copied({{{4, -10, 0, 4}, {9, -1, 0, 9}}, 38}, 39);
    expect_copied({{{1, 1, 0, 1}}, 6}, 7);
}

TEST_P(StridedCopies, Repeat) {
    expect_copied({{{4, 0, 0, 4}, {3, 6, 0, 3}, {5, 0, 0, 5}, {6, 1, 0, 6}}}, 18);
    expect_copied({{{19, 0, 0, 19}}, 2}, 3);
}

TEST_P(StridedCopies, PadWithTheFillValue) {
    expect_copied({{{2, 12, 0, 2}, {6, 4, 1, 4}, {25, 1, 18, 22}}, -22, 7.5f}, 24);
    expect_copied({{{40, 1, 3, 39}}, -3, -1}, 36);
    expect_copied({{{5, 3, 0, 4}, {2, 1, 1, 2}}, -1}, 12);
}

}  // namespace
}  // namespace convoy
