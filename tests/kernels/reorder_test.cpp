#include "generators/reorder.h"
#include "tests/kernels/board_layouts.h"
#include "tests/kernels/board_test.h"

namespace convoy {
namespace {

class Reorder : public BoardTest {
protected:
    ReorderKernel kernel_of(int mb, int c, int h, int w, const Layout &from,
                            const Layout &to) const {
        const int vector = board_.vector_floats;
        return {.input = make_view(mb, c, h, w, layout_on(board_, from), vector),
                .output = make_view(mb, c, h, w, layout_on(board_, to), vector)};
    }

    void expect_copied(const ReorderKernel &kernel) {
        ASSERT_TRUE(reorder_accepts(kernel, board_.vector_floats)) << to_string(Kernel(kernel));
        expect_right(KernelCase(kernel));
    }

    // Both ways, without halos and with some.
    void expect_copied_both_ways(ReorderKernel kernel, const Halo &in, const Halo &out) {
        for (int i = 0; i < 2; i++) {
            kernel.input.halo = kernel.output.halo = {};
            expect_copied(kernel);
            kernel.input.halo = in;
            kernel.output.halo = out;
            expect_copied(kernel);
            std::swap(kernel.input, kernel.output);
        }
    }
};

INSTANTIATE_TEST_SUITE_P(Boards, Reorder, every_board(), board_of);

TEST_P(Reorder, BetweenAllLayouts) {
    const Layout layouts[] = {{},     {4},     {half_vector}, {whole_vector},    {4, 8},
                              {8, 8}, {8, 24}, {2, 6},        {whole_vector, 16}};
    for (const Layout &from : layouts) {
        for (const Layout &to : layouts) expect_copied(kernel_of(1, 48, 3, 6, from, to));
    }
}

TEST_P(Reorder, ChannelsThatLeavePadLanes) {
    for (const Layout &from : {Layout{}, Layout{half_vector}, Layout{whole_vector}}) {
        for (const Layout &to : {Layout{}, Layout{2}, Layout{half_vector}, Layout{whole_vector}}) {
            expect_copied(kernel_of(2, 21, 5, 9, from, to));
            expect_copied(kernel_of(1, 3, 4, 4, from, to));
        }
    }
}

// Pages apart, planes share the places of a cache and are transposed a whole line at a time.
TEST_P(Reorder, PlanesOfWholePages) {
    for (const Layout &blocks : {Layout{half_vector}, Layout{whole_vector}, Layout{8, 8}}) {
        ReorderKernel kernel = kernel_of(1, 24, 32, 32, {}, blocks);
        expect_copied(kernel);
        std::swap(kernel.input, kernel.output);
        expect_copied(kernel);
        kernel.input.halo = {1, 1, 1, 1};
        expect_copied(kernel);
    }
}

// Lanes of groups and channels of plain blocks are transposed where one holds whole others.
TEST_P(Reorder, TransposesGroups) {
    for (const int lanes : {whole_vector, half_vector}) {
        for (const Layout &plain : {Layout{4}, Layout{half_vector}, Layout{whole_vector}}) {
            for (const int of_group : {1, 2, 4, 8, 32}) {
                // Two lane groups, and no pad lanes.
                Layout groups = layout_on(board_, {lanes});
                groups.groups = 2 * groups.block;
                const int c = groups.groups * of_group;
                const ReorderKernel kernel = kernel_of(2, c, 3, 5, groups, plain);
                if (c % board_.vector_floats == 0 && groups.block > 1) {
                    EXPECT_EQ(group_transposition(kernel).has_value(),
                              kernel.output.layout.block > 1 &&
                                  kernel.output.layout.block <= of_group * groups.block);
                }
                expect_copied_both_ways(kernel, {1, 2, 0, 1}, {0, 1, 2, 0});
            }
        }
    }
}

// Beside the halos are so many rows and columns that planes of blocks are pages apart.
TEST_P(Reorder, TransposesGroupsBetweenPlanesOfWholePages) {
    for (const Layout &plain : {Layout{half_vector}, Layout{whole_vector}}) {
        for (const int of_group : {2, 4, 8, 16}) {
            Layout groups = layout_on(board_, {whole_vector});
            groups.groups = groups.block;
            ReorderKernel kernel = kernel_of(1, groups.groups * of_group, 30, 29, groups, plain);
            for (const Halo &in : {Halo{}, Halo{1, 1, 1, 2}}) {
                for (const Halo &out : {Halo{}, Halo{1, 2, 1, 1}})
                    expect_copied_both_ways(kernel, in, out);
            }
        }
    }
}

// Groups and blocks of which neither holds whole others, mostly, and pad lanes.
TEST_P(Reorder, GroupsOfOddSizes) {
    for (const Layout &plain : {Layout{4}, Layout{8}, Layout{half_vector}, Layout{whole_vector}}) {
        for (const int of_group : {3, 6, 12}) {
            for (const int groups : {4, 12})
                expect_copied_both_ways(kernel_of(1, groups * of_group, 2, 5, {4, groups}, plain),
                                        {1, 0, 0, 1}, {0, 2, 1, 0});
        }
    }
}

TEST_P(Reorder, ChangesHalos) {
    const Layout layouts[] = {{}, {8}, {4, 8}};
    for (const Layout &from : layouts) {
        for (const Layout &to : layouts) {
            ReorderKernel kernel = kernel_of(2, 16, 5, 7, from, to);
            kernel.input.halo = {1, 2, 3, 0};
            kernel.output.halo = {3, 1, 0, 2};
            expect_copied(kernel);
        }
    }
}

TEST_P(Reorder, RangesOfChannels) {
    const Layout layouts[] = {{}, {8}, {half_vector}, {whole_vector}};
    for (const Layout &from : layouts) {
        for (const Layout &to : layouts) {
            for (const auto &[c, first] : {std::pair{48, 16}, {20, 0}, {13, 32}, {7, 57}}) {
                ReorderKernel kernel = kernel_of(2, 64, 3, 6, from, to);
                kernel.output = make_view(2, c, 3, 6, kernel.output.layout, board_.vector_floats);
                kernel.input_channel = first;
                kernel.input.halo = {1, 0, 2, 1};
                kernel.output.halo = {0, 1, 1, 0};
                expect_copied(kernel);
            }
        }
    }
    ReorderKernel interleaved = kernel_of(1, 64, 3, 6, {4, 8}, {});
    interleaved.output = make_view(1, 20, 3, 6, {}, board_.vector_floats);
    interleaved.input_channel = 9;
    expect_copied(interleaved);
}

TEST_P(Reorder, ChannelsOfAConcatenation) {
    struct Part {
        int c, first_channel, of;
        Layout from, to;
    };
    const Part parts[] = {
        {5, 0, 12, {}, {}},
        {4, 5, 12, {}, {}},
        {3, 9, 12, {8}, {}},
        {32, 0, 69, {}, {8}},
        {16, 32, 69, {8}, {8}},
        {21, 48, 69, {}, {8}},
        {21, 48, 69, {half_vector}, {whole_vector}},
        {16, 16, 48, {4, 8}, {8}},
        {32, 16, 48, {8, 16}, {whole_vector}},
        {24, 8, 40, {4, 8}, {}},
        {16, 0, 40, {whole_vector}, {4}},
    };
    for (const Part &part : parts) {
        ReorderKernel kernel = kernel_of(2, part.c, 4, 9, part.from, part.to);
        kernel.output =
            make_view(2, part.of, 4, 9, layout_on(board_, part.to), board_.vector_floats);
        kernel.first_channel = part.first_channel;
        expect_copied(kernel);
        kernel.input.halo = {2, 0, 1, 1};
        kernel.output.halo = {1, 2, 1, 0};
        expect_copied(kernel);
    }
}

}  // namespace
}  // namespace convoy
