#include "tests/kernels/board_layouts.h"
#include "tests/kernels/board_test.h"

namespace convoy {
namespace {

class ChannelShuffleKernels : public BoardTest {
protected:
    void expect_shuffled(int mb, int c, int groups, const Layout &from, const Layout &to,
                         const Halo &in = {}, const Halo &out = {}) {
        const int vector = board_.vector_floats;
        ChannelShuffleKernel kernel{make_view(mb, c, 5, 9, layout_on(board_, from), vector),
                                    make_view(mb, c, 5, 9, layout_on(board_, to), vector), groups};
        kernel.input.halo = in;
        kernel.output.halo = out;
        expect_right(KernelCase(kernel));
    }
};

INSTANTIATE_TEST_SUITE_P(Boards, ChannelShuffleKernels, every_board(), board_of);

TEST_P(ChannelShuffleKernels, BetweenAllLayouts) {
    const Layout layouts[] = {{}, {4}, {whole_vector}, {4, 8}, {2, 6}};
    for (const Layout &from : layouts) {
        for (const Layout &to : layouts) expect_shuffled(1, 48, 2, from, to);
    }
}

TEST_P(ChannelShuffleKernels, AnyNumberOfGroupsAndPadLanes) {
    for (const int groups : {1, 2, 4, 29, 58, 116}) {
        for (const Layout &layout : {Layout{}, Layout{whole_vector}})
            expect_shuffled(2, 116, groups, layout, layout);
    }
}

TEST_P(ChannelShuffleKernels, KeepsLanesOfItsOwnInterleaving) {
    for (const int groups : {2, 4, 8}) {
        expect_shuffled(1, 40, groups, {groups, groups}, {groups});
        expect_shuffled(2, 24, groups, {groups, groups}, {groups}, {1, 0, 2, 1}, {0, 3, 1, 0});
    }
}

}  // namespace
}  // namespace convoy
