// Convolutions whose input and output layouts differ, with halos wider than their pads, and with
// every epilogue.

#include "tests/kernels/board_layouts.h"
#include "tests/kernels/board_test.h"
#include "tests/kernels/conv2d_kernels.h"

namespace convoy {
namespace {

constexpr Activation none{};
const Activation activations[] = {none, Activation::relu(), Activation::clip(-6, 30)};

struct LayoutCase {
    const char *problem;
    Layout input, output;
};

const LayoutCase layout_cases[] = {
    // The first layer of a network reads nchw.
    {"ic3ih17oc24kh3sh2ph1", {}, {whole_vector}},
    {"ic3ih8oc17kh3ph1", {}, {half_vector}},
    {"ic17ih7oc32kh1", {}, {whole_vector}},
    // Blocks of other sizes.
    {"ic40ih7oc48kh3ph1", {half_vector}, {whole_vector}},
    {"ic40ih7oc48kh3ph1", {whole_vector}, {half_vector}},
    {"ic24ih7oc24kh1", {4}, {2}},
    {"ic21ih7oc27kh3ph1", {whole_vector}, {4}},
    {"g2ic32ih7oc64kh3ph1", {half_vector}, {whole_vector}},
    {"g2ic32ih7oc64kh3ph1", {}, {half_vector}},
    {"g2ic48ih7oc48kh3ph1", {half_vector}, {half_vector}},  // one and a half vectors of 16 a group
    // Dense convolutions around grouped ones: interleaved channels.
    {"ic48ih7oc32kh1", {8, 16}, {whole_vector}},
    {"ic48ih7oc32kh3ph1", {4, 8}, {half_vector}},
    {"ic30ih7oc48kh1", {whole_vector}, {8, 16}},
    {"ic16ih6oc24kh3ph1", {whole_vector}, {8, 8}},
    {"ic3ih9oc48kh3ph1", {}, {2, 6}},
    {"ic48ih7oc32kh1", {8, 8}, {4, 16}},
    {"ic64ih6oc64kh3ph1", {whole_vector, 32}, {whole_vector, 16}},
    // Depthwise: one channel a group is interleaved as it is.
    {"g32ic32ih7oc64kh3ph1", {whole_vector}, {whole_vector, 32}},
    {"g32ic32ih7oc32kh3ph1", {whole_vector, 32}, {whole_vector}},
    {"g32ic64ih7oc32kh3ph1", {whole_vector, 32}, {whole_vector}},
    {"g21ic21ih7oc21kh3ph1", {half_vector}, {half_vector}},
    {"g21ic21ih7oc21kh3ph1", {4}, {4}},
};

class Conv2dLayouts : public BoardTest {};

INSTANTIATE_TEST_SUITE_P(Boards, Conv2dLayouts, every_board(), board_of);

TEST_P(Conv2dLayouts, InputAndOutputDiffer) {
    for (const LayoutCase &c : layout_cases) {
        const ConvLayouts layouts = {layout_on(board_, c.input), layout_on(board_, c.output)};
        expect_right(KernelCase(conv_kernel(parse_conv_problem(c.problem), layouts, board_)), 2);
    }
}

constexpr const char *halo_problems[] = {
    "ic24ih7oc40kh3ph1",
    "g2ic32ih9oc64kh3sh2ph1",
    "g16ic32ih7oc48kh3ph1",
    "g16ic16ih8oc16kh5ph2",
};

TEST_P(Conv2dLayouts, HalosWiderThanPads) {
    for (const char *text : halo_problems) {
        const ConvProblem problem = parse_conv_problem(text);
        for (const ConvLayouts &layouts : natural_layouts(problem, board_)) {
            Conv2dKernel kernel = conv_kernel(problem, layouts, board_);
            kernel.residual = kernel.output;
            const Halo pads = kernel.input.halo;
            kernel.input.halo = {pads.top + 2, pads.left + 1, pads.bottom, pads.right + 3};
            kernel.output.halo = {1, 3, 2, 1};
            kernel.residual->halo = {2, 0, 1, 1};
            expect_right(KernelCase(kernel), 1);
        }
    }
}

constexpr const char *epilogue_problems[] = {
    "ic20ih7oc24kh3ph1",
    "g4ic32ih7oc64kh1",
    "g8ic24ih6oc16kh3ph1",
    "g20ic20ih7oc20kh3ph1",
};

TEST_P(Conv2dLayouts, Epilogues) {
    for (const char *text : epilogue_problems) {
        const ConvProblem problem = parse_conv_problem(text);
        for (const ConvLayouts &layouts : natural_layouts(problem, board_)) {
            for (const Activation &activation : activations) {
                for (const bool has_residual : {false, true}) {
                    Conv2dKernel kernel = conv_kernel(problem, layouts, board_);
                    kernel.activation = activation;
                    if (has_residual) kernel.residual = kernel.output;
                    expect_right(KernelCase(kernel));
                }
            }
        }
    }
}

// Residuals of one value a channel, whose planes have a halo of their own.
TEST_P(Conv2dLayouts, GatesAndSlopes) {
    for (const char *text : epilogue_problems) {
        const ConvProblem problem = parse_conv_problem("mb2" + std::string(text));
        for (const ConvLayouts &layouts : natural_layouts(problem, board_)) {
            Conv2dKernel kernel = conv_kernel(problem, layouts, board_);
            kernel.residual = kernel.output;
            kernel.residual->h = kernel.residual->w = 1;
            kernel.residual->halo = {1, 0, 2, 1};
            kernel.combine = Combine::mul;
            expect_right(KernelCase(kernel));
            kernel.residual->mb = 1;
            kernel.combine = Combine::prelu;
            expect_right(KernelCase(kernel));
        }
    }
}

}  // namespace
}  // namespace convoy
