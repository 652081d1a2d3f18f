// strassen_conv2d at each number of levels: planes whose rows and columns the parts divide and not,
// strides, groups, output channels that do not fill a block, vectors of two blocks, residuals.

#include <algorithm>
#include <map>
#include <random>
#include <utility>

#include "tests/kernels/board_test.h"
#include "tests/kernels/conv2d_kernels.h"

namespace convoy {
namespace {

class Strassen : public BoardTest {
protected:
    bool has_template() const {
        const auto all = templates_for(board_);
        return std::ranges::any_of(all, [](const Template *t) { return name_of(t) == "strassen"; });
    }
    static std::string name_of(const Template *t) { return t->name; }

    // Two candidates of each vector and number of levels.
    std::vector<Schedule> some_candidates(const Kernel &kernel) const {
        std::map<std::pair<int, int>, std::vector<Schedule>> forms;
        for (Schedule &s :
             template_of({"strassen", {}}, board_).candidates(kernel, board_, Span::all))
            forms[{s.at("vector"), s.at("levels")}].push_back(s);
        std::mt19937 random(7);
        std::vector<Schedule> some;
        for (const auto &[form, list] : forms) {
            for (int n = 0; n < 2; n++) some.push_back(list[random() % list.size()]);
        }
        return some;
    }
};

INSTANTIATE_TEST_SUITE_P(Boards, Strassen, every_board(), board_of);

struct Case {
    const char *problem;
    int in_block, out_block;  // in vectors of the board, halves: 1
    int most_levels;
};
constexpr Case cases[] = {
    {"ic64ih6oc64kh1", 2, 2, 2},          {"ic32ih7iw9oc32kh1", 2, 2, 1},
    {"mb2ic64ih5iw7oc64kh1", 2, 2, 2},    {"g2ic128ih6iw4oc128kh1", 2, 2, 2},
    {"ic64ih9iw12oc128kh1sh2", 2, 2, 2},  {"ic64ih1iw1oc64kh1", 2, 2, 2},
    {"mb2ic128ih4oc124kh1", 1, 1, 2},     {"g3ic96ih4iw3oc96kh1", 2, 2, 1},
    {"ic64ih8iw3oc64kh1sh3sw1", 2, 1, 2},
};

TEST_P(Strassen, MatchesReference) {
    if (!has_template()) GTEST_SKIP() << board_.name << " has no such template";
    for (const Case &c : cases) {
        const ConvProblem problem = parse_conv_problem(c.problem);
        const int half = board_.vector_floats / 2;
        Conv2dKernel kernel =
            conv_kernel(problem, {Layout{c.in_block * half}, Layout{c.out_block * half}}, board_);
        kernel.residual = kernel.output;
        if (problem.mb == 2) {
            kernel.activation = Activation::relu();
        } else {  // a gate of one value a channel
            kernel.combine = Combine::mul;
            kernel.residual->h = kernel.residual->w = 1;
        }
        const KernelCase test(kernel);
        int levels = 0;
        for (const Schedule &schedule : some_candidates(kernel)) {
            levels = std::max(levels, schedule.at("levels"));
            EXPECT_EQ(what_is_wrong(test, schedule, board_), "")
                << to_string(kernel) << ": " << to_string(schedule);
        }
        EXPECT_GE(levels, c.most_levels) << to_string(kernel);
    }
}

TEST_P(Strassen, OnlyWhatItIsMadeFor) {
    if (!has_template()) GTEST_SKIP() << board_.name << " has no such template";
    const Template &strassen = template_of({"strassen", {}}, board_);
    const Layout layout{board_.vector_floats};
    // One block or vector, three, or four channels less than two blocks, padding among the
    // channels.
    const auto channels = [&](const char *what, int count) {
        return what + std::to_string(count * board_.vector_floats / 2);
    };
    const std::string input = channels("ic", 4) + "ih8", output = channels("oc", 4) + "kh1";
    for (const std::string &text :
         {input + channels("oc", 4) + "kh3ph1", input + output + "ph1", input + output + "pw1",
          channels("ic", 2) + "ih8" + output, channels("ic", 6) + "ih8" + output,
          input + channels("oc", 1) + "kh1", "ic29ih8" + output, "ic61ih8" + output,
          "g2" + input + output}) {
        const ConvProblem problem = parse_conv_problem(text);
        EXPECT_FALSE(strassen.accepts(conv_kernel(problem, {layout, layout}, board_), board_))
            << text;
    }
    const ConvProblem plain = parse_conv_problem("ic64ih8oc64kh1");
    EXPECT_FALSE(strassen.accepts(conv_kernel(plain, {{}, layout}, board_), board_));
    EXPECT_TRUE(strassen.accepts(conv_kernel(plain, {layout, layout}, board_), board_));
}

}  // namespace
}  // namespace convoy
