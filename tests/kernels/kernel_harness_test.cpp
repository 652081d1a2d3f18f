// The harness finds what it is there to find.

#include "tests/kernels/kernel_harness.h"

#include <limits>

#include "tests/kernels/board_test.h"

namespace convoy {
namespace {

class KernelHarness : public BoardTest {
protected:
    const Schedule reference_{"reference", {{"vector", board_.vector_floats}}};

    KernelCase copy_of_six() const {
        const View view = make_view(1, 2, 1, 3, {}, board_.vector_floats);
        return KernelCase(ElementwiseKernel{.input = view, .output = view});
    }
};

INSTANTIATE_TEST_SUITE_P(Boards, KernelHarness, every_board(), board_of);

TEST_P(KernelHarness, NamesTheFirstElementThatDiffersAndCountsTheRest) {
    KernelCase test = copy_of_six();
    test.operands.input.values = {1, 2, 3, 4, 5, 6};
    test.expected.values = {1, 2, 3, 4, 7, 8};
    EXPECT_EQ(what_is_wrong(test, reference_, board_),
              "image 0 channel 1 row 0 column 1 is 5.000000, expected 7.000000 (and 1 more)");
}

TEST_P(KernelHarness, NanIsWrongWhateverIsExpected) {
    KernelCase test = copy_of_six();
    const float nan = std::numeric_limits<float>::quiet_NaN();
    test.tolerance = 1;
    test.operands.input.values[0] = nan;
    EXPECT_NE(what_is_wrong(test, reference_, board_), "");
    test.expected.values[0] = nan;
    EXPECT_NE(what_is_wrong(test, reference_, board_), "");
}

TEST_P(KernelHarness, ToleranceIsRelative) {
    KernelCase test = copy_of_six();
    test.operands.input.values = {1, 2, 3, 4, 5, 1000};
    test.expected.values = {1, 2, 3, 4, 5, 1001};
    test.tolerance = 1e-3;
    EXPECT_EQ(what_is_wrong(test, reference_, board_), "");
    test.tolerance = 1e-4;
    EXPECT_NE(what_is_wrong(test, reference_, board_), "");
}

}  // namespace
}  // namespace convoy
