// Which kernels the generators accept, and the text that identifies a kernel.

#include "generators/kernel.h"

#include <gtest/gtest.h>

#include <set>

#include "generators/conv2d.h"
#include "generators/grouped_conv2d.h"
#include "generators/reorder.h"

namespace convoy {
namespace {

Conv2dKernel conv(const char *problem, Layout input, Layout output) {
    const ConvProblem p = parse_conv_problem(problem);
    return {.problem = p,
            .input = make_view(p.mb, p.ic, p.ih, p.iw, input, 8),
            .output = make_view(p.mb, p.oc, p.oh, p.ow, output, 8)};
}

struct Accepted {
    const char *problem;
    Layout input, output;
    bool conv2d, grouped;  // with vectors of 8 output channels
};

const Accepted accepted[] = {
    // Dense: channels of one group share blocks, so that lanes are no groups.
    {"ic16ih4oc16kh3ph1", {8}, {8}, true, false},
    {"ic16ih4oc16kh3ph1", {}, {8}, true, false},
    {"ic16ih4oc16kh3ph1", {}, {}, false, true},
    {"ic16ih4oc16kh3ph1", {8}, {}, false, false},
    {"ic16ih4oc16kh3ph1", {8, 8}, {4}, true, false},
    {"ic16ih4oc16kh3ph1", {8}, {16}, false, false},
    // Grouped.
    {"g2ic16ih4oc16kh3ph1", {8}, {8}, true, false},
    {"g2ic16ih4oc16kh3ph1", {2, 2}, {2, 2}, false, true},
    {"g2ic16ih4oc16kh3ph1", {2, 2}, {8}, false, false},
    {"g4ic16ih4oc32kh3ph1", {8}, {8}, false, false},
    {"g4ic16ih4oc32kh3ph1", {4}, {8}, true, false},
    {"g4ic16ih4oc16kh3ph1", {4}, {4}, false, false},
    {"g8ic16ih4oc16kh3ph1", {8, 8}, {8, 8}, false, true},
    {"g8ic16ih4oc16kh3ph1", {4, 8}, {4, 8}, false, true},
    {"g8ic16ih4oc16kh3ph1", {8, 8}, {4, 8}, false, false},
    {"g8ic16ih4oc16kh3ph1", {8, 16}, {8, 8}, false, false},
    // Depthwise.
    {"g16ic16ih4oc16kh3ph1", {8}, {8}, false, true},
    {"g16ic16ih4oc16kh3ph1", {8}, {8, 16}, false, true},
    {"g16ic16ih4oc32kh3ph1", {8}, {8}, false, false},
    {"g16ic16ih4oc32kh3ph1", {8}, {8, 16}, false, true},
};

TEST(Generators, AcceptTheLayoutsTheyCompute) {
    for (const Accepted &a : accepted) {
        const Conv2dKernel kernel = conv(a.problem, a.input, a.output);
        EXPECT_EQ(conv2d_accepts(kernel, 8), a.conv2d) << to_string(kernel);
        EXPECT_EQ(grouped_conv2d_accepts(kernel), a.grouped) << to_string(kernel);
    }
}

ReorderKernel part(int c, int first_channel, int of, Layout from, Layout to) {
    return {.input = make_view(1, c, 3, 3, from, 8),
            .output = make_view(1, of, 3, 3, to, 8),
            .first_channel = first_channel};
}

TEST(Generators, ReorderWritesWholeVectorsOfChannels) {
    EXPECT_TRUE(reorder_accepts(part(5, 3, 12, {8}, {}), 8));
    EXPECT_TRUE(reorder_accepts(part(16, 8, 40, {}, {8}), 8));
    EXPECT_TRUE(reorder_accepts(part(5, 8, 13, {}, {8}), 8));
    EXPECT_FALSE(reorder_accepts(part(5, 8, 40, {}, {8}), 8));
    EXPECT_FALSE(reorder_accepts(part(16, 4, 40, {}, {8}), 8));
    EXPECT_FALSE(reorder_accepts(part(16, 8, 40, {}, {8, 8}), 8));
    EXPECT_TRUE(reorder_accepts(part(40, 0, 40, {}, {8, 8}), 8));
}

// Kernels that differ in one thing each.
std::vector<Kernel> all_different() {
    const Conv2dKernel first = conv("ic16ih4oc16kh3ph1", {8}, {8});
    std::vector<Kernel> list = {first, conv("ic16ih4oc16kh1", {8}, {8}),
                                conv("ic16ih4oc16kh3ph1", {}, {8}),
                                conv("ic16ih4oc16kh3ph1", {8, 8}, {8})};
    const auto add = [&](auto kernel, auto change) {
        change(kernel);
        list.push_back(kernel);
    };
    add(first, [](auto &k) { k.input.halo = {1, 1, 1, 1}; });
    add(first, [](auto &k) { k.output.halo = {1, 1, 1, 1}; });
    add(first, [](auto &k) { k.residual = k.output; });
    add(first, [](auto &k) {
        k.residual = k.output;
        k.residual->halo = {0, 1, 0, 0};
    });
    add(first, [](auto &k) { k.activation = Activation::relu(); });
    add(first, [](auto &k) { k.activation = Activation::clip(0, 6); });
    add(first, [](auto &k) { k.activation = Activation::clip(0, 6.0000005f); });
    add(first, [](auto &k) { k.activation = Activation::clip(1e-8f, 6); });

    const View view = make_view(1, 16, 4, 4, {8}, 8);
    const PoolProblem window{
        .c = 16, .ih = 4, .iw = 4, .oh = 2, .ow = 2, .kh = 2, .kw = 2, .sh = 2, .sw = 2};
    const Pool2dKernel pool{.problem = window, .input = view, .output = view};
    list.push_back(pool);
    add(pool, [](auto &k) { k.problem.kind = PoolProblem::Kind::average; });
    add(pool, [](auto &k) {
        k.problem.kind = PoolProblem::Kind::average;
        k.problem.count_include_pad = true;
    });
    add(pool, [](auto &k) { k.problem.dw = 2; });
    add(pool, [](auto &k) { k.problem.pw_end = 1; });
    add(pool, [](auto &k) { k.problem.mb = 2; });

    const ElementwiseKernel each{.input = view, .output = view};
    list.push_back(each);
    add(each, [](auto &k) { k.has_scale_shift = true; });
    add(each, [](auto &k) { k.addend = k.input; });
    add(each, [](auto &k) { k.activation = Activation::relu(); });
    add(each, [](auto &k) { k.output.mb = 2; });

    list.push_back(part(16, 0, 16, {}, {8}));
    list.push_back(part(16, 0, 24, {}, {8}));
    list.push_back(part(16, 8, 24, {}, {8}));
    list.push_back(part(16, 8, 32, {}, {8}));
    add(first, [](auto &k) {
        k.residual = k.output;
        k.combine = Combine::mul;
    });
    add(first, [](auto &k) {
        k.residual = k.output;
        k.residual->h = k.residual->w = 1;
    });
    add(each, [](auto &k) {
        k.addend = k.input;
        k.combine = Combine::mul;
    });
    add(each, [](auto &k) {
        k.addend = k.input;
        k.addend->mb = 1, k.addend->w = 1;
    });
    add(each, [](auto &k) { k.input.w = 1; });
    add(each, [](auto &k) { k.activation = {Activation::Kind::silu}; });

    const SoftmaxKernel soft{view, view};
    list.push_back(soft);
    add(soft, [](auto &k) { k.is_log = true; });
    const ReduceKernel sum{view, make_view(1, 1, 4, 4, {}, 8)};
    list.push_back(sum);
    add(sum, [](auto &k) { k.reduction = Reduction::mean; });
    const NormalizeKernel normalize{view, view, 1e-5f};
    list.push_back(normalize);
    add(normalize, [](auto &k) { k.epsilon = 1.1e-5f; });
    const MatMulKernel product{view, view, view};
    list.push_back(product);
    add(product, [](auto &k) { k.is_input_transposed = true; });
    add(product, [](auto &k) { k.is_right_transposed = true; });
    add(product, [](auto &k) { k.right.c = 1; });
    return list;
}

TEST(KernelText, IdentifiesTheKernel) {
    std::set<std::string> texts;
    for (const Kernel &kernel : all_different()) {
        EXPECT_TRUE(texts.insert(to_string(kernel)).second) << to_string(kernel);
    }
}

TEST(KernelText, NamesOperatorShapeEpilogueAndLayouts) {
    Conv2dKernel kernel = conv("g2ic16ih4oc16kh3ph1", {}, {8});
    kernel.residual = kernel.output;
    kernel.activation = Activation::clip(-0.5f, 6);
    EXPECT_EQ(to_string(kernel),
              "conv2d g2ic16ih4oc16oh4kh3ph1+bias+add+clip(-0.5,6) nchw->nChw8c add nChw8c");
}

}  // namespace
}  // namespace convoy
