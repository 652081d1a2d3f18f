#include "tests/kernels/board_test.h"

namespace convoy {
namespace {

constexpr auto max = PoolProblem::Kind::max, average = PoolProblem::Kind::average;

struct PoolCase {
    PoolProblem::Kind kind;
    bool count_include_pad;
    int mb, c, ih, iw;
    int kh, kw, sh, sw, dh, dw;
    int ph, pw, ph_end, pw_end;
};

constexpr PoolCase cases[] = {
    {max, false, 1, 16, 14, 14, 3, 3, 2, 2, 1, 1, 1, 1, 1, 1},
    {max, false, 2, 5, 9, 11, 2, 2, 2, 2, 1, 1, 0, 0, 0, 0},
    {max, false, 1, 17, 8, 7, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1},
    {max, false, 1, 8, 13, 10, 3, 2, 1, 2, 2, 3, 2, 0, 1, 2},
    {max, false, 1, 24, 7, 7, 7, 7, 1, 1, 1, 1, 0, 0, 0, 0},
    {max, false, 1, 3, 12, 5, 5, 1, 3, 1, 1, 1, 2, 0, 2, 0},
    {average, false, 1, 16, 14, 14, 3, 3, 2, 2, 1, 1, 1, 1, 1, 1},
    {average, true, 1, 16, 14, 14, 3, 3, 2, 2, 1, 1, 1, 1, 1, 1},
    {average, false, 2, 5, 9, 11, 2, 3, 1, 2, 1, 1, 0, 1, 1, 0},
    {average, true, 2, 5, 9, 11, 2, 3, 1, 2, 1, 1, 0, 1, 1, 0},
    {average, false, 1, 17, 8, 8, 2, 2, 2, 2, 1, 1, 0, 0, 0, 0},
    {average, false, 1, 40, 7, 7, 7, 7, 1, 1, 1, 1, 0, 0, 0, 0},
    {average, false, 1, 8, 3, 3, 5, 5, 1, 1, 1, 1, 2, 2, 2, 2},
};

Pool2dKernel pool_kernel(const PoolCase &c, const Layout &layout, const Board &board) {
    Pool2dKernel kernel;
    PoolProblem &p = kernel.problem;
    p = {.kind = c.kind,
         .count_include_pad = c.count_include_pad,
         .mb = c.mb,
         .c = c.c,
         .ih = c.ih,
         .iw = c.iw,
         .kh = c.kh,
         .kw = c.kw,
         .sh = c.sh,
         .sw = c.sw,
         .dh = c.dh,
         .dw = c.dw,
         .ph = c.ph,
         .pw = c.pw,
         .ph_end = c.ph_end,
         .pw_end = c.pw_end};
    p.oh = output_extent(p.ih, p.kh, p.sh, p.dh, p.ph, p.ph_end);
    p.ow = output_extent(p.iw, p.kw, p.sw, p.dw, p.pw, p.pw_end);
    kernel.input = make_view(p.mb, p.c, p.ih, p.iw, layout, board.vector_floats);
    kernel.output = make_view(p.mb, p.c, p.oh, p.ow, layout, board.vector_floats);
    return kernel;
}

class Pool2d : public BoardTest {
protected:
    std::vector<Layout> layouts(int c) const {
        std::vector<Layout> list = {{}, {4}, {8}, {board_.vector_floats}};
        if (c % 4 == 0) list.push_back({4, 4});
        return list;
    }

    void expect_pooled(const Pool2dKernel &kernel) {
        // An average is one rounded division, or a product with a rounded reciprocal.
        expect_right(KernelCase(kernel, kernel.problem.kind == max ? 0 : 0x1p-22));
    }
};

INSTANTIATE_TEST_SUITE_P(Boards, Pool2d, every_board(), board_of);

TEST_P(Pool2d, MatchesReference) {
    for (const PoolCase &c : cases) {
        for (const Layout &layout : layouts(c.c)) expect_pooled(pool_kernel(c, layout, board_));
    }
}

TEST_P(Pool2d, KeepsHalos) {
    for (const PoolCase &c : {cases[0], cases[7]}) {
        for (const Layout &layout : layouts(c.c)) {
            Pool2dKernel kernel = pool_kernel(c, layout, board_);
            kernel.input.halo = {1, 2, 3, 1};
            kernel.output.halo = {2, 1, 1, 2};
            expect_pooled(kernel);
        }
    }
}

}  // namespace
}  // namespace convoy
