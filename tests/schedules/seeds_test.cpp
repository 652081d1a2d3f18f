// Where a search starts, and that what a schedule is taken to move is no less than the bound.
#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <set>

#include "schedules/bounds/cache_levels.h"
#include "schedules/bounds/kernel_bound.h"
#include "schedules/bounds/seeds.h"
#include "schedules/template.h"

namespace convoy {
namespace {

struct Example {
    const char *problem;
    int block, groups;  // of the layout, 0: a vector
};

constexpr Example examples[] = {
    {"ic64ih56oc64kh3ph1", 0, 1},        {"ic512ih14oc512kh1", 0, 1},
    {"g4ic64ih56oc64kh3ph1", 0, 1},      {"g16ic16ih28oc16kh3ph1", 0, 16},
    {"g32ic64ih14oc64kh3ph1", 0, 32},    {"ic256ih14oc512kh1sh2", 0, 1},
    {"g64ic64ih56oc64kh5ph2sh2", 0, 64}, {"g4ic32ih14oc64kh3ph1", 1, 1},
};

Kernel kernel_of(const Example &example, const Board &board) {
    const ConvProblem p = parse_conv_problem(example.problem);
    const int block = example.block ? example.block : board.vector_floats;
    const Layout layout{block, example.groups};
    Conv2dKernel kernel{.problem = p};
    kernel.input = make_view(p.mb, p.ic, p.ih, p.iw, layout, board.vector_floats);
    kernel.input.halo = {p.ph, p.pw, p.ph_end, p.pw_end};
    kernel.output = make_view(p.mb, p.oc, p.oh, p.ow, layout, board.vector_floats);
    return kernel;
}

// Those whose loops are known before they are compiled.
std::vector<const Template *> templates_of(const Kernel &kernel, const Board &board) {
    std::vector<const Template *> list;
    for (const Template *t : templates_for(board)) {
        const std::string name = t->name;
        if (t->accepts(kernel, board) && name != "reference" && name != "autoscheduled")
            list.push_back(t);
    }
    return list;
}

constexpr const char *boards[] = {"avx2", "avx512", "neoverse-n1"};

// The nearest point of each template first, templates in turns.
TEST(Seeds, NearestFirst) {
    const Board board = load_board("avx2");
    const Kernel kernel = kernel_of({"g8ic8ih112oc8kh3ph1", 8}, board);
    const auto bound = kernel_bound(kernel, board.l1d_bytes);
    ASSERT_TRUE(bound);
    const int ow = (int)bound->tiling.real.ow, oh = (int)bound->tiling.real.oh;
    ASSERT_GT(ow, 8);
    ASSERT_GT(oh, 8);
    const auto point = [](const char *name, int tile_ow, int tile_oh, int tile_oc) {
        return Schedule{name, {{"tile_ow", tile_ow}, {"tile_oh", tile_oh}, {"tile_oc", tile_oc}}};
    };
    const std::vector<Schedule> points = {point("b", 1, 1, 1), point("b", ow / 2, oh, 1),
                                          point("b", ow, oh, 1), point("a", 1, oh, 1),
                                          point("b", ow, oh, 4)};
    EXPECT_EQ(seed_points(kernel, points, board, 9), (std::vector<size_t>{3, 2, 1, 4, 0}));
    EXPECT_EQ(seed_points(kernel, points, board, 2), (std::vector<size_t>{3, 2}));
    EXPECT_EQ(seed_points(kernel, points, board, 0), std::vector<size_t>{});
}

TEST(Seeds, KernelsWithoutProgram) {
    const Board board = load_board("avx2");
    Pool2dKernel pool;
    EXPECT_TRUE(seed_points(pool, {{"vector_lanes", {{"vector", 8}}}}, board, 4).empty());
    EXPECT_FALSE(kernel_bound(pool, 1 << 15));
}

// A few seeds hold a schedule that is predicted to come near to the best.
TEST(Seeds, ComeNearTheBestPrediction) {
    for (const char *name : boards) {
        const Board board = load_board(name);
        for (const Example &example : examples) {
            const Kernel kernel = kernel_of(example, board);
            for (const Template *t : templates_of(kernel, board)) {
                const std::vector<Schedule> points = t->candidates(kernel, board, Span::usual);
                double best = std::numeric_limits<double>::infinity(), seeded = best;
                for (const Schedule &point : points)
                    best = std::min(best, t->cycles(kernel, point, board));
                const std::vector<size_t> seeds = seed_points(kernel, points, board, 8);
                EXPECT_EQ(std::set(seeds.begin(), seeds.end()).size(),
                          std::min<size_t>(8, points.size()));
                for (const size_t seed : seeds)
                    seeded = std::min(seeded, t->cycles(kernel, points.at(seed), board));
                EXPECT_LE(seeded, 2 * best) << name << " " << example.problem << " " << t->name;
            }
        }
    }
}

// No candidate of any template is taken to move less than is possible.
TEST(Traffic, IsNoLessThanTheBound) {
    for (const char *name : boards) {
        const Board board = load_board(name);
        for (const Example &example : examples) {
            const Kernel kernel = kernel_of(example, board);
            for (const CacheLevel &level : cache_levels(board)) {
                const auto bound = kernel_bound(kernel, level.bytes);
                ASSERT_TRUE(bound);
                for (const Template *t : templates_of(kernel, board)) {
                    ASSERT_TRUE(t->traffic) << t->name;
                    const double least =
                        t->is_exact ? bound->traffic.bytes() : bound->traffic.compulsory_bytes;
                    for (const Schedule &point : t->candidates(kernel, board, Span::usual)) {
                        const Traffic traffic = t->traffic(kernel, point, board);
                        const double bytes = level.name == "registers"
                                                 ? traffic.register_bytes
                                                 : bytes_through(traffic, level.bytes);
                        if (bytes == 0 && level.name == "registers") continue;
                        ASSERT_GE(bytes, least * (1 - 1e-9))
                            << name << " " << example.problem << " " << level.name << " "
                            << to_string(point);
                    }
                }
            }
        }
    }
}

TEST(CacheLevels, OfEveryBoard) {
    for (const std::string &name : board_names()) {
        if (name == "host") continue;
        const std::vector<CacheLevel> levels = cache_levels(load_board(name));
        ASSERT_GE(levels.size(), 2u) << name;
        for (size_t at = 0; at < levels.size(); at++) {
            EXPECT_GT(levels[at].bytes, 0) << name;
            EXPECT_GT(levels[at].bytes_per_cycle, 0) << name;
        }
    }
    EXPECT_EQ(cache_levels(load_board("cortex-a72")).back().name, "L2");
    EXPECT_EQ(cache_levels(load_board("avx512")).back().name, "L3");
    EXPECT_EQ(cache_levels(load_board("cuda-sm80")).front().name, "units");
}

// --- kernels of two convolutions, and matrix products ---

View view_of(int c, int h, int w) {
    return make_view(1, c, h, w, Layout{}, 8);
}

TEST(KernelBound, Separable) {
    SeparableConv2dKernel kernel;
    kernel.depthwise = parse_conv_problem("g32ic32ih28oc32kh3ph1");
    kernel.oc = 64;
    kernel.input = view_of(32, 28, 28), kernel.output = view_of(64, 28, 28);
    const KernelBound bound = *kernel_bound(kernel, 32 << 10);
    EXPECT_EQ(bound.traffic.compulsory_bytes, 4 * (32 * 28 * 28 + 32 * 9 + 32 * 64 + 64 * 28 * 28));
    // The intermediate is neither written nor read: both kernels apart move it twice.
    Conv2dKernel first{
        .problem = kernel.depthwise, .input = kernel.input, .output = view_of(32, 28, 28)};
    Conv2dKernel second{
        .problem = kernel.pointwise(), .input = view_of(32, 28, 28), .output = kernel.output};
    for (const int64_t cache : {512, 4096, 32 << 10}) {
        EXPECT_LT(kernel_bound(kernel, cache)->traffic.bytes(),
                  kernel_bound(first, cache)->traffic.bytes() +
                      kernel_bound(second, cache)->traffic.bytes());
    }
}

TEST(KernelBound, TwoLevelAddsItsOtherWeights) {
    TwoLevelConv2dKernel kernel;
    kernel.problem = parse_conv_problem("g4ic64ih14oc64kh3ph1");
    kernel.input = kernel.output = view_of(64, 14, 14);
    const Conv2dKernel grouped{
        .problem = kernel.problem, .input = kernel.input, .output = kernel.output};
    const double others = 4.0 * (double)(kernel.weight_count() - kernel.problem.weight_count());
    EXPECT_GT(others, 0);
    for (const int64_t cache : {2048, 32 << 10}) {
        EXPECT_DOUBLE_EQ(kernel_bound(kernel, cache)->traffic.bytes(),
                         kernel_bound(grouped, cache)->traffic.bytes() + others);
    }
}

TEST(KernelBound, ResidualIsReadOnce) {
    Conv2dKernel kernel{.problem = parse_conv_problem("ic64ih14oc64kh3ph1"),
                        .input = view_of(64, 14, 14),
                        .output = view_of(64, 14, 14)};
    const double alone = kernel_bound(kernel, 32 << 10)->traffic.bytes();
    kernel.residual = kernel.output;
    EXPECT_DOUBLE_EQ(kernel_bound(kernel, 32 << 10)->traffic.bytes(), alone + 4 * 64 * 14 * 14);
}

TEST(KernelBound, MatrixProducts) {
    MatMulKernel product;  // 6 batches of 40 x 24 times 24 x 56
    product.input = view_of(6, 40, 24), product.right = view_of(6, 24, 56);
    product.output = view_of(6, 40, 56);
    const auto compulsory = [&] { return kernel_bound(product, 2048)->traffic.compulsory_bytes; };
    EXPECT_EQ(compulsory(), 4 * 6 * (40 * 24 + 24 * 56 + 40 * 56));
    product.right = view_of(1, 24, 56);  // shared by all batches
    EXPECT_EQ(compulsory(), 4 * (6 * 40 * 24 + 24 * 56 + 6 * 40 * 56));
    product.input = view_of(1, 40, 24), product.right = view_of(6, 24, 56);
    EXPECT_EQ(compulsory(), 4 * (40 * 24 + 6 * 24 * 56 + 6 * 40 * 56));
    product.input = view_of(2, 40, 24);
    EXPECT_FALSE(kernel_bound(product, 2048));
}

}  // namespace
}  // namespace convoy
