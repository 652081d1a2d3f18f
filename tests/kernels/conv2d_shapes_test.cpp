// Every kind of convolution in its natural layouts, under ranked and other candidate schedules.

#include <gtest/gtest.h>

#include "tests/kernels/conv2d_kernels.h"
#include "tests/kernels/kernel_harness.h"
#include "tests/kernels/schedule_sample.h"
#include "tests/kernels/tested_boards.h"

namespace convoy {
namespace {

const char *const shapes[] = {
    // Dense: planes from one pixel up, channels that do not fill a block.
    "ic1ih7oc1kh3ph1",
    "ic3ih13oc17kh3ph1",
    "ic5ih9oc7kh5ph2",
    "ic17ih6oc24kh3ph1",
    "ic30ih7oc30kh1",
    "ic16ih1oc40kh1",
    "ic24ih14oc144kh1",
    "ic144ih7oc24kh1",
    "ic64ih7oc48kh3ph1",
    "mb2ic16ih8oc32kh3ph1",
    "mb3ic3ih5oc8kh3ph1",
    // Kernels, strides, dilation, pads that differ by side.
    "ic8ih11oc16kh7ph3",
    "ic3ih23oc16kh7sh2ph3",
    "ic8ih10iw17oc16kh1kw5ph0pw2",
    "ic8ih17iw10oc16kh5kw1ph2pw0",
    "ic16ih14oc16kh3sh2ph1",
    "ic16ih13iw15oc16kh3sh2sw1ph1",
    "ic8ih16oc8kh3sh3",
    "ic16ih12oc16kh3dh2ph2",
    "ic16ih14oc16kh3sh2ph0pw0phe1pwe1",
    "ic8ih9oc8kh2ph0pw1phe1pwe0",
    "ic16ih9oc16kh3ph3",
    // Grouped, with as many output channels as input channels and not.
    "g2ic32ih7oc32kh3ph1",
    "g2ic6ih9oc10kh3ph1",
    "g3ic48ih6oc96kh3ph1",
    "g2ic36ih7oc20kh3ph1",
    "g4ic32ih7oc64kh3ph1",
    "g4ic64ih5oc32kh1",
    "g8ic32ih14oc32kh3ph1",
    "g8ic16ih9oc32kh3sh2ph1",
    "g16ic64ih7oc64kh3ph1",
    "g16ic32ih6oc48kh5ph2",
    "g32ic64ih7oc64kh3ph1",
    "g32ic128ih5oc96kh3sh2ph1",
    "mb2g8ic24ih6oc24kh3ph1",
    "g5ic15ih8oc10kh3ph1",
    // Depthwise.
    "g24ic24ih14oc24kh3ph1",
    "g30ic30ih7oc30kh3ph1",
    "g32ic32ih14oc32kh5sh2ph2",
    "g144ic144ih7oc144kh3ph1",
    "g16ic16ih9oc16kh7ph3",
    "g16ic16ih1oc16kh1",
    "g32ic32ih7oc64kh3ph1",
    "g16ic16ih12oc16kh3dh2ph2",
    "g17ic17ih7oc17kh3ph1",
    "mb2g16ic16ih6oc16kh3ph1",
};

class Conv2dShapes : public testing::TestWithParam<std::tuple<std::string, const char *>> {};

TEST_P(Conv2dShapes, MatchesReference) {
    const Board board = load_board(std::get<0>(GetParam()));
    const ConvProblem problem = parse_conv_problem(std::get<1>(GetParam()));
    for (const ConvLayouts &layouts : natural_layouts(problem, board)) {
        const KernelCase test(conv_kernel(problem, layouts, board));
        for (const Schedule &schedule : sample_schedules(test.kernel, board, 1, 1)) {
            EXPECT_EQ(what_is_wrong(test, schedule, board), "")
                << to_string(test.kernel) << ": " << to_string(schedule);
        }
    }
}

INSTANTIATE_TEST_SUITE_P(Boards, Conv2dShapes,
                         testing::Combine(testing::ValuesIn(tested_boards()),
                                          testing::ValuesIn(shapes)),
                         [](const auto &param) {
                             return std::get<0>(param.param) + "_" + std::get<1>(param.param);
                         });

}  // namespace
}  // namespace convoy
