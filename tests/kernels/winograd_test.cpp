// winograd_conv2d and winograd_rows_conv2d with every tile size: windows and strides, planes that
// tiles divide and not, pads that differ by side, groups, channels that do not fill a block,
// residuals.

#include <algorithm>
#include <map>
#include <random>

#include "generators/winograd_transform.h"
#include "tests/kernels/board_test.h"
#include "tests/kernels/conv2d_kernels.h"

namespace convoy {
namespace {

class Winograd : public BoardTest {
protected:
    // A candidate of each tile size: one that shares channels among threads, one that takes images
    // together, and one that does neither, where there are such.
    std::vector<Schedule> some_candidates(const Kernel &kernel) const {
        std::map<int, std::map<std::pair<bool, bool>, std::vector<Schedule>>> of_size;
        const Template &winograd = template_of({"winograd", {}}, board_);
        for (Schedule &s : winograd.candidates(kernel, board_, Span::usual))
            of_size[s.at("m")][{s.parameters.contains("share_oc"), s.parameters.contains("images")}]
                .push_back(s);
        const ConvProblem &p = std::get<Conv2dKernel>(kernel).problem;
        EXPECT_EQ(of_size.size(), winograd_sizes(winograd_taps(p.kw, p.sw)).size())
            << to_string(kernel);
        std::mt19937 random(7);
        std::vector<Schedule> some;
        for (const auto &[m, forms] : of_size) {
            for (const auto &[form, list] : forms) some.push_back(list[random() % list.size()]);
        }
        return some;
    }
};

INSTANTIATE_TEST_SUITE_P(Boards, Winograd, every_board(), board_of);

constexpr const char *problems[] = {
    "ic16ih8oc32kh3ph1",          "ic24ih7iw13oc24kh3ph1",
    "ic32ih5iw3oc16kh3",          "ic16ih9iw10oc16kh3ph0pw2phe1pwe0",
    "g2ic32ih6oc64kh3ph1",        "g3ic96ih9oc48kh3ph1",
    "mb2ic17ih6oc30kh3ph1",       "ic3ih1iw1oc16kh3ph1",
    "mb4ic32ih6oc64kh3ph1",       "mb2ic16ih8oc64kh5sh2ph2",
    "g2ic36ih6oc40kh3ph1",        "ic16ih9iw6oc32kh4ph1",
    "g2ic32ih12oc32kh5ph2",       "ic17ih8iw11oc20kh7ph3",
    "ic16ih13iw10oc16kh5sh2ph1",  "ic24ih16oc16kh7sh2ph3",
    "g2ic32ih9iw15oc32kh5sh2ph2", "ic16ih14oc16kh7sh2ph2phe3",
};

TEST_P(Winograd, MatchesReference) {
    for (const char *text : problems) {
        const ConvProblem problem = parse_conv_problem(text);
        const Layout layout{board_.vector_floats};
        Conv2dKernel kernel = conv_kernel(problem, {layout, layout}, board_);
        if (!template_of({"winograd", {}}, board_).accepts(kernel, board_)) {
            const Layout padded{8, problem.g, true};
            kernel = conv_kernel(problem, {padded, padded}, board_);
        }
        if (problem.mb == 2) {
            kernel.activation = Activation::relu();
            kernel.residual = kernel.output;
        } else {  // a gate of one value a channel
            kernel.combine = Combine::mul;
            kernel.residual = kernel.output;
            kernel.residual->h = kernel.residual->w = 1;
        }
        const KernelCase test(kernel);
        for (const Schedule &schedule : some_candidates(kernel)) {
            EXPECT_EQ(what_is_wrong(test, schedule, board_), "")
                << to_string(kernel) << ": " << to_string(schedule);
        }
    }
}

// A network's image has no zeros around it and fewer channels than lanes: all phases of a stride
// together may fill them, or not even those.
TEST_P(Winograd, ImagesMatchReference) {
    for (const char *text :
         {"ic3ih9iw11oc32kh7sh2ph3", "mb2ic3ih8oc16kh3ph1", "ic1ih7iw20oc16kh5sh2ph1pw2",
          "ic4ih13iw9oc48kh7sh2ph3pw2phe2pwe4", "ic3ih6iw5oc16kh3"}) {
        const ConvProblem problem = parse_conv_problem(text);
        const Kernel kernel = image_kernel(problem, {board_.vector_floats}, board_);
        const KernelCase test(kernel);
        for (const Schedule &schedule : some_candidates(kernel)) {
            EXPECT_EQ(what_is_wrong(test, schedule, board_), "")
                << text << ": " << to_string(schedule);
        }
    }
}

// Tiles higher than wide and wider than high, of all sizes.
TEST_P(Winograd, OblongTilesMatchReference) {
    const Template &winograd = template_of({"winograd", {}}, board_);
    std::mt19937 random(7);
    for (const char *text :
         {"ic16ih7oc32kh3ph1", "ic16ih14iw9oc16kh3ph1pw0", "ic16ih9oc16kh5ph2"}) {
        const Layout layout{board_.vector_floats};
        const KernelCase test(conv_kernel(parse_conv_problem(text), {layout, layout}, board_));
        std::map<std::pair<int, int>, std::vector<Schedule>> of_tile;
        for (Schedule &s : winograd.candidates(test.kernel, board_, Span::all)) {
            if (s.parameters.contains("m_oh")) of_tile[{s.at("m_oh"), s.at("m")}].push_back(s);
        }
        const size_t sizes = winograd_sizes(parse_conv_problem(text).kw).size();
        EXPECT_EQ(of_tile.size(), sizes * (sizes - 1)) << text;
        for (const auto &[tile, list] : of_tile) {
            const Schedule &schedule = list[random() % list.size()];
            EXPECT_EQ(what_is_wrong(test, schedule, board_), "")
                << text << ": " << to_string(schedule);
        }
    }
}

TEST_P(Winograd, OnlyWindowsItIsMadeFor) {
    const Template &winograd = template_of({"winograd", {}}, board_);
    const Layout layout{board_.vector_floats};
    for (const char *text :
         {"ic16ih8oc16kh1", "ic16ih8oc16kh3sh2ph1", "ic16ih8oc16kh3sh3ph1", "ic16ih8oc16kh3dh2ph2",
          "ic16ih9oc16kh8ph2", "ic16ih8oc16kh3sh2sw1ph1", "ic16ih8oc16kh3kw1ph1pw0"}) {
        const ConvProblem problem = parse_conv_problem(text);
        EXPECT_FALSE(winograd.accepts(conv_kernel(problem, {layout, layout}, board_), board_))
            << text;
    }
}

constexpr const char *grouped_problems[] = {
    "g32ic32ih8oc32kh3ph1",
    "g16ic64ih9iw7oc64kh3ph1",
    "g16ic32ih5iw3oc48kh3",
    "g24ic24ih1iw1oc24kh3ph1",
    "g16ic16ih9iw10oc16kh3ph0pw2phe1pwe0",
    "mb2g32ic96ih6oc32kh5kw3ph2pw1",
    "g16ic80ih7oc80kh3sh2sw1ph1",
    "g17ic17ih8oc17kh3dh2dw1ph2pw1",
    "g16ic48ih11iw6oc112kh1kw3ph0pw1",
};

TEST_P(Winograd, RowsMatchReference) {
    const Template &rows = template_of({"winograd_rows", {}}, board_);
    std::mt19937 random(7);
    for (const char *text : grouped_problems) {
        const ConvProblem problem = parse_conv_problem(text);
        // Depthwise in whole vectors, else a group a lane.
        const int lanes = std::min(board_.vector_floats, problem.g);
        const Layout layout{lanes, problem.ic_per_group() == 1 ? 1 : problem.g};
        Conv2dKernel kernel = conv_kernel(problem, {layout, layout}, board_);
        kernel.residual = kernel.output;
        if (problem.mb == 2) kernel.activation = Activation::relu();
        if (problem.kh == 1) kernel.residual->h = kernel.residual->w = 1;
        if (board_.vector_registers < 32) {
            EXPECT_FALSE(rows.accepts(kernel, board_));
            continue;
        }
        ASSERT_TRUE(rows.accepts(kernel, board_)) << text;
        std::vector<Schedule> list = rows.candidates(kernel, board_, Span::usual);
        std::shuffle(list.begin(), list.end(), random);
        list.resize(std::min<size_t>(list.size(), 4));
        Schedule four = list.front();
        four.parameters["m"] = 4;
        if (rows.illegal(kernel, four, board_).empty()) list.push_back(four);
        const KernelCase test(kernel);
        for (const Schedule &schedule : list) {
            EXPECT_EQ(what_is_wrong(test, schedule, board_), "")
                << to_string(kernel) << ": " << to_string(schedule);
        }
    }
}

TEST_P(Winograd, RowsOnlyOfWindowsTheyAreMadeFor) {
    const Template &rows = template_of({"winograd_rows", {}}, board_);
    const Layout layout{board_.vector_floats};
    for (const char *text : {"g16ic16ih8oc16kh3sh2ph1", "g16ic16ih8oc16kh3dh2ph2",
                             "g16ic16ih8oc16kh5ph2", "ic16ih8oc16kh3ph1"}) {
        const ConvProblem problem = parse_conv_problem(text);
        EXPECT_FALSE(rows.accepts(conv_kernel(problem, {layout, layout}, board_), board_)) << text;
    }
}

}  // namespace
}  // namespace convoy
