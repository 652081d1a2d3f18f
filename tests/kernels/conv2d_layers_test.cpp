// The papers' layers and their neighbours on smaller planes, in the layouts a network would use:
// all candidate schedules are legal, and those that would be tried first compute the right thing.

#include <gtest/gtest.h>

#include <cmath>

#include "tests/kernels/conv2d_kernels.h"
#include "tests/kernels/kernel_harness.h"
#include "tests/kernels/schedule_sample.h"
#include "tests/kernels/tested_boards.h"

namespace convoy {
namespace {

const char *const layers[] = {
    "ic3ih33oc64kh7sh2ph3",        "g1ic64ih14oc64kh3ph1",      "g2ic64ih14oc64kh3ph1",
    "g4ic64ih14oc64kh3ph1",        "g8ic64ih14oc64kh3ph1",      "g16ic64ih14oc64kh3ph1",
    "g64ic64ih28oc64kh3ph1",       "g1ic128ih9oc128kh3ph1",     "g4ic128ih9oc128kh3ph1",
    "g8ic128ih9oc128kh3ph1",       "g16ic128ih9oc128kh3ph1",    "g32ic128ih14oc128kh3ph1",
    "g1ic256ih5oc256kh3ph1",       "g2ic256ih7oc256kh3ph1",     "g16ic256ih7oc256kh3ph1",
    "g32ic256ih7oc256kh3ph1",      "g256ic256ih14oc256kh3ph1",  "g4ic512ih4oc512kh3ph1",
    "g8ic512ih7oc512kh3ph1",       "g512ic512ih7oc512kh3ph1",   "g32ic1024ih4oc1024kh3ph1",
    "g1ic32ih16oc32kh3ph1",        "g2ic32ih16oc32kh3ph1",      "g4ic32ih16oc32kh3ph1",
    "g8ic32ih16oc32kh3ph1",        "g16ic32ih16oc32kh3ph1",     "g32ic32ih32oc32kh3ph1",
    "g2ic144ih9oc144kh3ph1",       "g4ic144ih9oc144kh3ph1",     "g8ic144ih14oc144kh3ph1",
    "g16ic144ih14oc144kh3ph1",     "g1ic144ih13oc144kh3sh2ph1", "g8ic144ih14oc144kh3sh2ph1",
    "g144ic144ih28oc144kh3sh2ph1", "g8ic576ih5oc576kh3ph1",     "g576ic576ih7oc576kh3ph1",
    "g1ic64ih14oc128kh1",          "g1ic144ih14oc24kh1",        "g1ic24ih28oc144kh1",
    "g1ic512ih7oc512kh1",          "g1ic960ih4oc160kh1",        "g240ic240ih14oc240kh5ph2",
    "g96ic96ih14oc96kh7ph3",
};

// Whole vectors, interleaved over as many lanes as divide the groups, and nchw.
std::vector<ConvLayouts> network_layouts(const ConvProblem &problem, const Board &board) {
    std::vector<ConvLayouts> chosen;
    bool has_interleaved = false;
    for (const ConvLayouts &layouts : natural_layouts(problem, board)) {
        const Layout &layout = layouts.input;
        if (layout.groups > 1 && has_interleaved) continue;
        if (layout.groups == 1 && layout.block != 1 && layout.block != board.vector_floats)
            continue;
        has_interleaved = has_interleaved || layout.groups > 1;
        chosen.push_back(layouts);
    }
    return chosen;
}

class Conv2dLayers : public testing::TestWithParam<std::tuple<std::string, const char *>> {
protected:
    const Board board_ = load_board(std::get<0>(GetParam()));
    const ConvProblem problem_ = parse_conv_problem(std::get<1>(GetParam()));
};

INSTANTIATE_TEST_SUITE_P(Boards, Conv2dLayers,
                         testing::Combine(testing::ValuesIn(tested_boards()),
                                          testing::ValuesIn(layers)),
                         [](const auto &param) {
                             return std::get<0>(param.param) + "_" + std::get<1>(param.param);
                         });

TEST_P(Conv2dLayers, ScheduleSpace) {
    for (const ConvLayouts &layouts : network_layouts(problem_, board_)) {
        const KernelCase test(conv_kernel(problem_, layouts, board_));
        for (const Template *t : templates_for(board_)) {
            if (!t->accepts(test.kernel, board_)) continue;
            const std::vector<Schedule> candidates =
                t->candidates(test.kernel, board_, Span::usual);
            // A compilation ranks none of an autoscheduler.
            EXPECT_EQ(candidates.empty(), t->name == std::string("autoscheduled"))
                << t->name << " on " << to_string(test.kernel);
            for (const Schedule &schedule : candidates) {
                ASSERT_EQ(t->illegal(test.kernel, schedule, board_), "") << to_string(schedule);
                const double cycles = t->cycles(test.kernel, schedule, board_);
                ASSERT_TRUE(std::isfinite(cycles) && cycles > 0) << to_string(schedule);
            }
        }
        for (const Schedule &schedule : sample_schedules(test.kernel, board_, 3, 1)) {
            // Its plain loops take long on whole layers, and are tested on the smaller shapes.
            if (schedule.template_name == "reference") continue;
            EXPECT_EQ(what_is_wrong(test, schedule, board_), "")
                << to_string(test.kernel) << ": " << to_string(schedule);
        }
    }
}

}  // namespace
}  // namespace convoy
