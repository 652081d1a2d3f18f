#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "Halide.h"

#include "schedules/template.h"
#include "tests/schedules/example_kernel.h"

namespace convoy {
namespace {

using testing::HasSubstr;

TEST(Schedule, Text) {
    EXPECT_EQ(to_string(Schedule{"oc_vectors", {{"tile_ow", 7}, {"tile_oc", 2}}}),
              "oc_vectors tile_oc=2 tile_ow=7");
    EXPECT_EQ(to_string(Schedule{"reference", {}}), "reference");
}

TEST(Schedule, AMissingParameterIsNamed) {
    const Schedule schedule{"oc_vectors", {{"tile_ow", 7}}};
    EXPECT_EQ(schedule.at("tile_ow"), 7);
    try {
        schedule.at("tile_oc");
        FAIL() << "no error";
    } catch (const std::invalid_argument &error) {
        EXPECT_STREQ(error.what(), "schedule 'oc_vectors tile_ow=7' lacks the parameter 'tile_oc'");
    }
}

TEST(Boards, NameHalideTargetsWithTheirVectors) {
    for (const std::string &name : board_names()) {
        if (name == "host") continue;
        const Board board = load_board(name);
        ASSERT_TRUE(Halide::Target::validate_target_string(board.halide_target)) << name;
        const Halide::Target target(board.halide_target);
        EXPECT_EQ(target.has_gpu_feature(), board.family == "gpu") << name;
        if (board.gpu) {
            const auto api =
                board.gpu->api == "cuda" ? Halide::Target::CUDA : Halide::Target::OpenCL;
            EXPECT_TRUE(target.has_feature(api)) << name;
            continue;
        }
        EXPECT_EQ(target.natural_vector_size<float>(), board.vector_floats) << name;
        const bool is_arm = target.arch == Halide::Target::ARM;
        EXPECT_EQ(board.family, is_arm ? "arm" : "x86") << name;
        EXPECT_TRUE(is_arm || target.has_feature(Halide::Target::FMA)) << name;
    }
}

TEST(Templates, EveryFamilyEndsWithTheReference) {
    for (const std::string &name : board_names()) {
        const Board board = load_board(name);
        EXPECT_GT(templates_for(board).size(), 1u) << name;
        EXPECT_STREQ(templates_for(board).back()->name, "reference") << name;
    }
}

TEST(Templates, AnUnknownOneIsNamed) {
    const Board board = load_board("avx2");
    EXPECT_STREQ(template_of({"group_lanes", {}}, board).name, "group_lanes");
    try {
        template_of({"winding", {}}, board);
        FAIL() << "no error";
    } catch (const std::invalid_argument &error) {
        EXPECT_THAT(error.what(), HasSubstr("'x86' has no schedule template 'winding'"));
    }
}

struct Illegal {
    const char *parameter;
    int value;
    const char *why;
};

class IllegalSchedules : public testing::Test {
protected:
    const Board board_ = load_board("avx2");

    // One parameter at a time of a legal schedule set to each value.
    void expect_reasons(const Kernel &kernel, const Schedule &legal,
                        std::initializer_list<Illegal> changes) const {
        const Template &t = template_of(legal, board_);
        ASSERT_EQ(t.illegal(kernel, legal, board_), "");
        for (const Illegal &change : changes) {
            Schedule schedule = legal;
            schedule.parameters[change.parameter] = change.value;
            EXPECT_THAT(t.illegal(kernel, schedule, board_), HasSubstr(change.why))
                << to_string(schedule);
        }
    }
};

TEST_F(IllegalSchedules, OutputChannelVectors) {
    const Kernel kernel = example_kernel(board_);
    const Schedule whole{"oc_vectors",
                         {{"vector", 8},
                          {"tile_ow", 3},
                          {"tile_oh", 2},
                          {"tile_oc", 2},
                          {"tile_ic", 0},
                          {"band_oh", 0},
                          {"unroll_ic", 2},
                          {"rows_outer", 0}}};
    expect_reasons(kernel, whole,
                   {{"vector", 4, "the layouts do not allow vector=4"},
                    {"vector", 16, "the layouts do not allow vector=16"},
                    {"tile_ow", 0, "tile_ow must be 1..14"},
                    {"tile_ow", 15, "tile_ow must be 1..14"},
                    {"tile_oh", 0, "tile_oh must be 1..14"},
                    {"tile_oh", 15, "tile_oh must be 1..14"},
                    {"tile_oc", 0, "tile_oc must be 1..8"},
                    {"tile_oc", 9, "tile_oc must be 1..8"},
                    {"tile_ow", 4, "the tile exceeds the 16 vector registers"},
                    {"unroll_ic", 0, "unroll_ic must divide 8"},
                    {"unroll_ic", 3, "unroll_ic must divide 8"},
                    {"tile_ic", -1, "tile_ic must be 0 or divide 8"},
                    {"tile_ic", 3, "tile_ic must be 0 or divide 8"},
                    {"tile_ic", 8, "tile_ic must be 0 or divide 8"}});
    // Sums of 14 columns x 4 vectors a row of the band.
    const Schedule cut{"oc_vectors",
                       {{"vector", 8},
                        {"tile_ow", 2},
                        {"tile_oh", 1},
                        {"tile_oc", 4},
                        {"tile_ic", 2},
                        {"band_oh", 7},
                        {"unroll_ic", 2},
                        {"rows_outer", 0}}};
    expect_reasons(kernel, cut,
                   {{"tile_oc", 3, "tile_oc must divide the vectors"},
                    {"band_oh", 0, "band_oh must be 1 at least and divide 14"},
                    {"band_oh", 15, "band_oh must be 1 at least and divide 14"},
                    {"band_oh", 14, "the sums of a band exceed 16384 bytes of stack"}});
}

TEST_F(IllegalSchedules, GroupLanes) {
    const ConvProblem p = parse_conv_problem("g4ic16ih14oc20kh3ph1");
    Conv2dKernel kernel{.problem = p};
    kernel.input = make_view(1, p.ic, p.ih, p.iw, {4, 4}, 8);
    kernel.input.halo = {1, 1, 1, 1};
    kernel.output = make_view(1, p.oc, p.oh, p.ow, {4, 4}, 8);
    expect_reasons(kernel,
                   {"group_lanes",
                    {{"vector_ow", 2},
                     {"tile_ow", 3},
                     {"tile_oh", 1},
                     {"tile_oc", 4},
                     {"rows_outer", 0},
                     {"unroll_taps", 1}}},
                   {{"vector_ow", 0, "vector_ow must be a power of two of at most 2"},
                    {"vector_ow", 3, "vector_ow must be a power of two of at most 2"},
                    {"vector_ow", 4, "vector_ow must be a power of two of at most 2"},
                    {"tile_ow", 0, "tile_ow x vector_ow must be 1..14"},
                    {"tile_ow", 8, "tile_ow x vector_ow must be 1..14"},
                    {"tile_oh", 0, "tile_oh must be 1..14"},
                    {"tile_oh", 15, "tile_oh must be 1..14"},
                    {"tile_oc", 0, "tile_oc must be 1..5"},
                    {"tile_oc", 6, "tile_oc must be 1..5"},
                    {"tile_oh", 2, "the tile exceeds the 16 vector registers"},
                    {"unroll_taps", -1, "unroll_taps must be 0, 1 or 2"},
                    {"unroll_taps", 3, "unroll_taps must be 0, 1 or 2"}});
}

TEST_F(IllegalSchedules, VectorLanesAndReference) {
    const View view = make_view(1, 16, 4, 4, {8}, 8);
    const Kernel kernel = ElementwiseKernel{.input = view, .output = view};
    const char *const power = "vector must be a power of two of at most 8";
    expect_reasons(kernel, {"vector_lanes", {{"vector", 8}}},
                   {{"vector", 0, power}, {"vector", 6, power}, {"vector", 16, power}});
    expect_reasons(kernel, {"reference", {{"vector", 8}}}, {{"vector", 4, "vector must be 8"}});
}

}  // namespace
}  // namespace convoy
