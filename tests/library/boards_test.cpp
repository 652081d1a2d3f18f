// A library for several boards runs the code of the best one that this CPU has.

#include <digits_for_two.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <convoy/model.hpp>

#include "compiler/onnx/import.h"
#include "compiler/reference.h"
#include "targets/board.h"

namespace convoy {
namespace {

// It was built for avx2 and for avx512, in this order.
TEST(TwoBoards, TheBestOneRuns) {
    const std::string expected = runs_here(load_board("avx512")) ? "avx512"
                                 : runs_here(load_board("avx2")) ? "avx2"
                                                                 : "";
    EXPECT_EQ(digits_for_two_board(), expected);
}

TEST(TwoBoards, ComputeTheModel) {
    if (std::string(digits_for_two_board()).empty()) GTEST_SKIP() << "the CPU has no AVX2";
    const Graph graph = import_onnx(CONVOY_DIGITS);
    std::vector<float> image(64), logits(10);
    for (int i = 0; i < 64; i++) image[i] = float(i % 17);
    Model<digits_for_two>().run(image, logits);
    const auto expected = evaluate(graph, {{image.begin(), image.end()}}).at(0);
    double largest = 0;
    for (double x : expected) largest = std::max(largest, std::abs(x));
    for (size_t i = 0; i < logits.size(); i++) EXPECT_NEAR(logits[i], expected[i], 1e-5 * largest);
}

}  // namespace
}  // namespace convoy
