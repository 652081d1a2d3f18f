// The kernels that hold several convolutions, under ranked and other candidate schedules.

#include "generators/separable_conv2d.h"
#include "generators/two_level_conv2d.h"
#include "tests/kernels/board_test.h"

namespace convoy {
namespace {

struct Layouts {
    Layout input, output;
};

// nchw, which only the reference takes; whole and half vectors.
std::vector<Layouts> layouts_on(const Board &board) {
    std::vector<Layouts> list = {{{}, {}}};
    for (int block = board.vector_floats; block >= 8; block /= 2)
        list.push_back({Layout{block}, Layout{block}});
    if (board.vector_floats >= 16) {
        list.push_back({Layout{8}, Layout{16}});
        list.push_back({Layout{16}, Layout{8}});
    }
    return list;
}

template<typename K>
void set_views(K &kernel, const ConvProblem &p, int oc, const Layouts &layouts, bool has_residual,
               int vector) {
    kernel.input = make_view(p.mb, p.ic, p.ih, p.iw, layouts.input, vector);
    kernel.input.halo = {p.ph, p.pw, p.ph_end, p.pw_end};
    kernel.output = make_view(p.mb, oc, p.oh, p.ow, layouts.output, vector);
    kernel.output.halo = {1, 0, 2, 1};
    kernel.activation = Activation::relu();
    if (!has_residual) return;
    kernel.residual = make_view(p.mb, oc, p.oh, p.ow, layouts.output, vector);
    kernel.residual->halo = {0, 1, 0, 0};
}

struct Separable {
    const char *depthwise;
    int oc;
};

// Planes from one pixel up, channels that do not fill a block, strides, dilation, uneven pads.
constexpr Separable separables[] = {
    {"g32ic32ih14oc32kh3ph1", 64},           {"g1ic1ih5oc1kh3ph1", 1},
    {"g17ic17ih9iw6oc17kh3ph1", 30},         {"g24ic24ih13oc24kh3sh2ph1", 40},
    {"g48ic48ih11iw23oc48kh5sh2sw1ph2", 17}, {"g16ic16ih12oc16kh3dh2ph2", 116},
    {"g30ic30ih9oc30kh2ph0pw1phe1pwe0", 24}, {"g144ic144ih7oc144kh3ph1", 24},
    {"g512ic512ih7oc512kh3ph1", 32},         {"g16ic16ih1oc16kh1", 16},
    {"mb2g40ic40ih6oc40kh3ph1", 48},         {"g8ic8ih9iw33oc8kh7ph3", 8},
};

class FusedConv2d : public BoardTest {};

TEST_P(FusedConv2d, Separable) {
    for (const Separable &shape : separables) {
        const ConvProblem p = parse_conv_problem(shape.depthwise);
        bool has_residual = false;
        for (const Layouts &layouts : layouts_on(board_)) {
            SeparableConv2dKernel kernel{.depthwise = p, .oc = shape.oc};
            kernel.middle = has_residual ? Activation::clip(-2, 6) : Activation::relu();
            set_views(kernel, p, shape.oc, layouts, has_residual, board_.vector_floats);
            expect_right(KernelCase(kernel), 1);
            has_residual = !has_residual;
        }
    }
}

// Groups that fill whole vectors, and one that fills halves only.
constexpr const char *two_levels[] = {
    "g8ic128ih7oc128kh3ph1",   "g4ic64ih9iw13oc128kh3sh2ph1", "g2ic64ih6oc64kh1",
    "mb2g4ic64ih5oc64kh3ph1",  "g3ic48ih12oc96kh3dh2ph2",     "g2ic32ih8oc32kh5ph1pw2phe3pwe2",
    "g8ic64ih9iw17oc64kh3ph1", "g16ic256ih1oc256kh1",
};

TEST_P(FusedConv2d, TwoLevel) {
    for (const char *text : two_levels) {
        const ConvProblem p = parse_conv_problem(text);
        bool has_residual = false;
        for (const Layouts &layouts : layouts_on(board_)) {
            TwoLevelConv2dKernel kernel{.problem = p};
            set_views(kernel, p, p.oc, layouts, has_residual, board_.vector_floats);
            has_residual = !has_residual;
            const bool fits = two_level_conv2d_accepts(kernel, board_.vector_floats) ||
                              two_level_conv2d_accepts(kernel, board_.vector_floats / 2);
            if (fits || layouts.output.block == 1) expect_right(KernelCase(kernel), 1);
        }
    }
}

INSTANTIATE_TEST_SUITE_P(Boards, FusedConv2d, every_board(), board_of);

}  // namespace
}  // namespace convoy
