// What the tuner may choose from: every point that is listed is legal, compiles, and is right.

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>
#include <thread>

#include "compiler/emit/compile_processes.h"
#include "schedules/choose.h"
#include "schedules/search/search.h"
#include "tests/kernels/conv2d_kernels.h"
#include "tests/kernels/kernel_harness.h"
#include "tests/kernels/tested_boards.h"
#include "tests/temporary_folder.h"

namespace convoy {
namespace {

constexpr const char *problems[] = {
    "ic6ih6oc16kh3ph1",       "ic16ih6iw5oc32kh3ph1",    "ic3ih9oc16kh3sh2ph1",
    "ic24ih5oc40kh1",         "g4ic16ih7oc16kh3ph1",     "g2ic8ih5iw9oc4kh3",
    "g16ic16ih5oc16kh3ph1",   "g16ic16ih6oc32kh5sh2ph2", "g8ic32ih4oc32kh1",
    "mb2g2ic32ih6oc32kh3ph1", "g16ic64ih6oc48kh3dh2ph2", "ic32ih4oc8kh1",
    "ic64ih3iw5oc64kh1",
};

template<typename K>
void set_views(K &kernel, const ConvProblem &p, int oc, int block) {
    kernel.input = make_view(p.mb, p.ic, p.ih, p.iw, Layout{block}, block);
    kernel.input.halo = {p.ph, p.pw, p.ph_end, p.pw_end};
    kernel.output = make_view(p.mb, oc, p.oh, p.ow, Layout{block}, block);
    kernel.activation = Activation::relu();
}

std::vector<Kernel> kernels_for(const Board &board) {
    std::vector<Kernel> kernels;
    for (const char *text : problems) {
        const ConvProblem p = parse_conv_problem(text);
        std::vector<Layout> layouts = {{}, {4}, {8}, {16}};
        for (int lanes = 2; lanes <= board.vector_floats && p.g % lanes == 0; lanes *= 2)
            layouts.push_back({lanes, p.g});
        if (p.g > 1) layouts.push_back({8, p.g, true});
        for (const Layout &layout : layouts)
            kernels.push_back(conv_kernel(p, {layout, layout}, board));
    }
    const int block = board.vector_floats;
    const ConvProblem depthwise = parse_conv_problem("g32ic32ih6oc32kh3ph1");
    SeparableConv2dKernel separable{.depthwise = depthwise, .oc = 48};
    set_views(separable, depthwise, 48, block);
    kernels.push_back(separable);
    TwoLevelConv2dKernel two_level{.problem = parse_conv_problem("g2ic64ih6oc64kh3ph1")};
    set_views(two_level, two_level.problem, 64, block);
    kernels.push_back(two_level);
    return kernels;
}

std::vector<const Template *> tunable_templates(const Board &board) {
    std::vector<const Template *> list = templates_for(board);
    // Those that compute no convolutions, or are for what nothing else computes; winograd_rows
    // needs 32 registers.
    std::erase_if(list, [&](const Template *t) {
        const std::string name = t->name;
        return name == "vector_lanes" || name == "transpose" || name == "reference" ||
               (name == "winograd_rows" && board.vector_registers < 32);
    });
    return list;
}

class Points : public testing::TestWithParam<const char *> {};

TEST_P(Points, AllThatAreListedAreLegalAndNoneTwice) {
    const Board board = load_board(GetParam());
    std::set<std::string> unseen;
    for (const Template *t : tunable_templates(board)) unseen.insert(t->name);
    for (const Kernel &kernel : kernels_for(board)) {
        for (const Template *t : tunable_templates(board)) {
            if (!t->accepts(kernel, board)) continue;
            SCOPED_TRACE(to_string(kernel) + ": " + t->name);
            const std::vector<Schedule> all = t->candidates(kernel, board, Span::all);
            EXPECT_FALSE(all.empty());
            unseen.erase(t->name);
            std::set<std::string> texts;
            for (const Schedule &schedule : all) {
                ASSERT_EQ(t->illegal(kernel, schedule, board), "") << to_string(schedule);
                ASSERT_TRUE(texts.insert(to_string(schedule)).second) << to_string(schedule);
                ASSERT_GT(t->cycles(kernel, schedule, board), 0) << to_string(schedule);
            }
            // A compilation takes them, or a record of them is no good.
            for (size_t i = 0; i < all.size(); i += 1 + all.size() / 20)
                EXPECT_TRUE(is_legal(kernel, all[i], board)) << to_string(all[i]);
            for (const Schedule &schedule : t->candidates(kernel, board, Span::usual))
                EXPECT_TRUE(texts.contains(to_string(schedule))) << to_string(schedule);
        }
    }
    for (const std::string &name : unseen) ADD_FAILURE() << "no kernel here is for " << name;
}

INSTANTIATE_TEST_SUITE_P(Boards, Points,
                         testing::Values("avx2", "zen4", "cortex-a72", "opencl", "cuda-sm80"),
                         [](const auto &point) {
                             std::string name = point.param;
                             std::replace(name.begin(), name.end(), '-', '_');
                             return name;
                         });

// Small enough that all of their points can be compiled.
constexpr const char *tiny_problems[] = {"ic8ih3iw4oc8kh1", "g8ic8ih4oc8kh3ph1"};

class TinyKernels : public testing::Test {
protected:
    const Board board_ = load_board(tested_boards().front());

    std::vector<KernelCase> cases() const {
        std::vector<KernelCase> list;
        for (const char *text : tiny_problems) {
            const ConvProblem p = parse_conv_problem(text);
            const Layout layout{8, p.g};
            list.emplace_back(conv_kernel(p, {layout, layout}, board_));
        }
        return list;
    }
};

TEST_F(TinyKernels, EveryPointCompiles) {
    const TemporaryFolder folder;
    const int jobs = (int)std::max(1u, std::thread::hardware_concurrency());
    size_t count = 0;
    for (const KernelCase &test : cases()) {
        const std::vector<Point> points = search_space(test.kernel, board_, {});
        count += points.size();
        CompileProcesses processes(board_, folder.path, {60, int64_t{6} << 30});
        size_t next = 0;
        while (next < points.size() || processes.running() > 0) {
            while (next < points.size() && processes.running() < jobs) {
                const std::string symbol = "k" + std::to_string(next);
                processes.start((int)next, {test.kernel, points[next].schedule, symbol,
                                            folder.path / (symbol + ".o")});
                next++;
            }
            if (const auto ended = processes.finished()) {
                EXPECT_EQ(ended->second.outcome, CompileAnswer::Outcome::compiled)
                    << to_string(test.kernel) << ": "
                    << to_string(points[(size_t)ended->first].schedule) << ": "
                    << ended->second.message;
            }
        }
    }
    RecordProperty("points", (int)count);
    EXPECT_GT(count, 100u);
}

TEST_F(TinyKernels, SomePointsAreRight) {
    std::mt19937 random(3);
    for (const KernelCase &test : cases()) {
        std::vector<Point> points = search_space(test.kernel, board_, {.winograd = false});
        std::shuffle(points.begin(), points.end(), random);
        points.resize(std::min<size_t>(points.size(), 25));
        for (const Point &point : points) {
            EXPECT_EQ(what_is_wrong(test, point.schedule, board_), "")
                << to_string(test.kernel) << ": " << to_string(point.schedule);
        }
    }
}

}  // namespace
}  // namespace convoy
