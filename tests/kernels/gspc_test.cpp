// GSPC's tiles, in groups of as many output as input channels and not, with and without what the
// paper's algorithm leaves out: dilation, batches, residual and activation.

#include "tests/kernels/board_test.h"
#include "tests/kernels/conv2d_kernels.h"

namespace convoy {
namespace {

struct GspcTile {
    int tile_ic, tile_oc, tile_ow, unroll_kw, at_group;
};

constexpr GspcTile tiles[] = {
    {1, 1, 1, 0, 0}, {2, 4, 5, 1, 0}, {4, 8, 9, 0, 1}, {8, 2, 3, 1, 1}, {4, 4, 7, 1, 1},
};

constexpr const char *problems[] = {
    "g4ic32ih9iw13oc32kh3ph1",
    "g2ic16ih7iw9oc32kh1",
    "mb2g3ic24ih11iw20oc48kh5kw3sh2ph2pw1",
    "g8ic64ih9oc64kh3dh2ph2",
};

class Gspc : public BoardTest {
protected:
    void expect_right_under(const GspcTile &tile, const KernelCase &test) const {
        const Schedule schedule = {"gspc",
                                   {{"vector", board_.vector_floats},
                                    {"tile_ic", tile.tile_ic},
                                    {"tile_oc", tile.tile_oc},
                                    {"tile_ow", tile.tile_ow},
                                    {"unroll_kw", tile.unroll_kw},
                                    {"at_group", tile.at_group}}};
        SCOPED_TRACE(to_string(test.kernel) + ": " + to_string(schedule));
        ASSERT_EQ(template_of(schedule, board_).illegal(test.kernel, schedule, board_), "");
        EXPECT_EQ(what_is_wrong(test, schedule, board_), "");
    }
};

INSTANTIATE_TEST_SUITE_P(Boards, Gspc, every_board(), board_of);

TEST_P(Gspc, Tiles) {
    for (const char *text : problems) {
        Conv2dKernel kernel = conv_kernel(parse_conv_problem(text), {{}, {}}, board_);
        const KernelCase plain(kernel);
        kernel.residual = kernel.output;
        kernel.residual->halo = {1, 0, 2, 1};
        kernel.output.halo = {0, 2, 1, 1};
        kernel.activation = Activation::relu();
        const KernelCase fused(kernel);
        for (GspcTile tile : tiles) {
            if (tile.tile_ow > kernel.problem.ow) continue;
            if (kernel.problem.kw == 1) tile.unroll_kw = 0;  // there is nothing to unroll
            expect_right_under(tile, plain);
            expect_right_under(tile, fused);
        }
    }
}

// One channel a group, as in section IV's G(N).
TEST_P(Gspc, Depthwise) {
    const KernelCase test(
        conv_kernel(parse_conv_problem("g20ic20ih9oc20kh3ph1"), {{}, {}}, board_));
    expect_right_under({1, 1, 4, 1, 0}, test);
    expect_right_under({1, 1, 9, 0, 1}, test);
}

TEST_P(Gspc, TakesGroupedConvolutionsInNchwOnly) {
    const Template &gspc = template_of({"gspc", {}}, board_);
    const Layout blocks = {board_.vector_floats, 1};
    const ConvProblem grouped = parse_conv_problem("g4ic64ih9oc64kh3ph1");
    EXPECT_TRUE(gspc.accepts(conv_kernel(grouped, {{}, {}}, board_), board_));
    EXPECT_FALSE(gspc.accepts(conv_kernel(grouped, {blocks, blocks}, board_), board_));
    const ConvProblem dense = parse_conv_problem("ic64ih9oc64kh3ph1");
    EXPECT_FALSE(gspc.accepts(conv_kernel(dense, {{}, {}}, board_), board_));
}

// What exceeds the scratch memory whole may still be packed a group at a time.
TEST_P(Gspc, LargePlanesAGroupAtATime) {
    const Template &gspc = template_of({"gspc", {}}, board_);
    const Kernel kernel =
        conv_kernel(parse_conv_problem("g8ic128ih112oc128kh3ph1"), {{}, {}}, board_);
    const std::vector<Schedule> candidates = gspc.candidates(kernel, board_, Span::usual);
    ASSERT_FALSE(candidates.empty());
    for (const Schedule &schedule : candidates) EXPECT_EQ(schedule.at("at_group"), 1);
}

}  // namespace
}  // namespace convoy
