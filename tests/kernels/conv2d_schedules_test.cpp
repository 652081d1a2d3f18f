// Each form of register tile of the x86 convolution templates, dividing the extents and not, on one
// plane of 9 x 13 outputs.

#include "tests/kernels/board_test.h"
#include "tests/kernels/conv2d_kernels.h"
#include "tests/kernels/schedule_sample.h"

namespace convoy {
namespace {

class Conv2dSchedules : public BoardTest {
protected:
    // A candidate of the template with some of its parameters set.
    Schedule with(const char *name, const Kernel &kernel,
                  const std::map<std::string, int> &parameters) const {
        Schedule schedule =
            template_of({name, {}}, board_).candidates(kernel, board_, Span::usual).front();
        for (const auto &[parameter, value] : parameters) schedule.parameters[parameter] = value;
        return schedule;
    }

    void expect_right_under(const Schedule &schedule, const KernelCase &test) const {
        SCOPED_TRACE(to_string(test.kernel) + ": " + to_string(schedule));
        const Template &t = template_of(schedule, board_);
        ASSERT_TRUE(t.accepts(test.kernel, board_));
        ASSERT_EQ(t.illegal(test.kernel, schedule, board_), "");
        EXPECT_EQ(what_is_wrong(test, schedule, board_), "");
    }
};

INSTANTIATE_TEST_SUITE_P(Boards, Conv2dSchedules, every_board(), board_of);

// On 10 vectors of 8 output channels or 5 of 16, and 8 or 4 blocks of input channels. band_oh is
// read where tile_ic > 0.
struct VectorsTile {
    int tile_ow, tile_oh, tile_oc, tile_ic, unroll_ic, rows_outer, band_oh;
};

constexpr VectorsTile vectors_tiles[] = {
    {1, 1, 1, 0, 1, 0, 0}, {5, 2, 1, 0, 2, 0, 0}, {3, 1, 4, 0, 4, 0, 0},  {13, 1, 1, 0, 1, 1, 0},
    {4, 1, 3, 0, 8, 1, 0}, {2, 2, 3, 0, 2, 1, 0}, {1, 9, 1, 0, 1, 0, 0},  {1, 2, 5, 0, 2, 0, 0},
    {5, 2, 1, 1, 1, 0, 9}, {2, 1, 5, 1, 2, 0, 3}, {13, 1, 1, 2, 4, 0, 1}, {1, 7, 1, 2, 8, 0, 9},
    {3, 2, 1, 1, 2, 0, 3},
};

constexpr const char *vectors_problems[] = {
    "ic64ih9iw13oc80kh3ph1",
    "ic64ih9iw13oc80kh1",
    "g2ic128ih18iw25oc160kh3sh2ph1",
};

TEST_P(Conv2dSchedules, OutputChannelVectors) {
    const int whole = board_.vector_floats;
    for (const char *text : vectors_problems) {
        for (const int block : {whole, whole / 2}) {
            const KernelCase test(
                conv_kernel(parse_conv_problem(text), {Layout{whole}, Layout{block}}, board_));
            for (const int vector : {whole, whole / 2}) {
                // A board's shortest vector holds 8 channels, and blocks never exceed the vector.
                if (vector < 8 || vector < block) continue;
                for (const VectorsTile &tile : vectors_tiles) {
                    // 13 accumulators and their operands exceed 16 registers.
                    if (tile.tile_ow == 13 && board_.vector_registers < 32) continue;
                    expect_right_under(with("oc_vectors", test.kernel,
                                            {{"vector", vector},
                                             {"tile_ow", tile.tile_ow},
                                             {"tile_oh", tile.tile_oh},
                                             {"tile_oc", tile.tile_oc},
                                             {"tile_ic", tile.tile_ic},
                                             {"unroll_ic", tile.unroll_ic},
                                             {"band_oh", tile.band_oh},
                                             {"rows_outer", tile.rows_outer}}),
                                       test);
                }
            }
        }
    }
}

// On 5 output channels a group.
struct LanesTile {
    int tile_ow, tile_oh, tile_oc, unroll_taps, rows_outer;
};

constexpr LanesTile lanes_tiles[] = {
    {1, 1, 1, 0, 0}, {1, 2, 5, 1, 0}, {1, 4, 2, 2, 1}, {3, 1, 3, 1, 1},
    {2, 2, 2, 0, 1}, {6, 1, 1, 2, 0}, {1, 9, 1, 1, 0},
};

constexpr const char *lanes_problems[] = {
    "g16ic48ih9iw13oc80kh3ph1",
    "g16ic32ih17iw26oc80kh3sh2ph1",
};

TEST_P(Conv2dSchedules, GroupLanes) {
    for (const char *text : lanes_problems) {
        const ConvProblem problem = parse_conv_problem(text);
        for (int lanes = 1; lanes <= board_.vector_floats; lanes *= 2) {
            const Layout layout = lanes == 1 ? Layout{} : Layout{lanes, problem.g};
            const KernelCase test(conv_kernel(problem, {layout, layout}, board_));
            for (int vector_ow = 1; vector_ow * lanes <= board_.vector_floats; vector_ow *= 2) {
                for (const LanesTile &tile : lanes_tiles) {
                    if (tile.tile_ow * vector_ow > problem.ow) continue;
                    const bool divides = problem.oh % tile.tile_oh == 0 &&
                                         problem.oc_per_group() % tile.tile_oc == 0;
                    if (vector_ow * lanes == 1 && !divides) continue;  // no such tile is legal
                    expect_right_under(with("group_lanes", test.kernel,
                                            {{"vector_ow", vector_ow},
                                             {"tile_ow", tile.tile_ow},
                                             {"tile_oh", tile.tile_oh},
                                             {"tile_oc", tile.tile_oc},
                                             {"unroll_taps", tile.unroll_taps},
                                             {"rows_outer", tile.rows_outer}}),
                                       test);
                }
            }
        }
    }
}

// A network's image has no zeros around it.
TEST_P(Conv2dSchedules, Images) {
    for (const char *text : {"ic3ih9iw13oc40kh3ph1", "mb2ic3ih19iw25oc32kh3sh2ph1",
                             "ic1ih8iw9oc24kh5ph2", "ic4ih20iw17oc16kh7sh2ph3phe2pwe1"}) {
        for (const int block : {board_.vector_floats, board_.vector_floats / 2}) {
            if (block < 2) continue;
            const KernelCase test(image_kernel(parse_conv_problem(text), {block}, board_));
            for (const Schedule &schedule : sample_schedules(test.kernel, board_, 4, 6))
                expect_right_under(schedule, test);
        }
    }
}

}  // namespace
}  // namespace convoy
