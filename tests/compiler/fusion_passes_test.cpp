// The passes that make several convolutions one: what they leave, equal results, and where they
// must not fire.

#include <gtest/gtest.h>

#include "compiler/passes/fuse_separable.h"
#include "compiler/passes/fuse_two_level.h"
#include "compiler/passes/optimize.h"
#include "tests/compiler/graph_maker.h"

namespace convoy {
namespace {

void fuse_all(Graph &graph) {
    const auto yes = [](const auto &) { return true; };
    optimize(graph);
    if (fuse_two_level(graph, yes)) optimize(graph);
    fuse_separable(graph, yes);
    check(graph);
}

Graph expect_fused(const Graph &before, const std::string &expected) {
    Graph after = before;
    fuse_all(after);
    EXPECT_EQ(operations(after), expected);
    expect_same_results(before, after);
    return after;
}

// A depthwise convolution of 6 channels on 5x5.
ValueId depthwise(GraphMaker &make) {
    return make.conv(make.input({2, 6, 5, 5}), 6, 3, 1, 6);
}

TEST(FuseSeparable, WithWhatLiesBetweenAndBehind) {
    GraphMaker make;
    const ValueId between = make.activate(depthwise(make));
    const ValueId conv = make.conv(between, 4, 1);
    const ValueId sum = make.add(conv, make.input({2, 4, 5, 5}));
    const Graph after = expect_fused(make.finish({make.activate(sum)}), "SeparableConv2d");
    const auto &separable = std::get<SeparableConv2d>(after.nodes[0].operation);
    EXPECT_EQ(separable.depthwise.activation, Activation::relu());
    EXPECT_TRUE(separable.pointwise.has_residual);
    EXPECT_EQ(separable.pointwise.activation, Activation::relu());
    EXPECT_EQ(after.nodes[0].name, "n0 + n2");
}

TEST(FuseSeparable, EveryPairOfARow) {
    GraphMaker make;
    const ValueId first = make.conv(depthwise(make), 4, 1);
    const ValueId second = make.conv(make.conv(first, 4, 3, 1, 4), 8, 1);
    expect_fused(make.finish({second}), "SeparableConv2d SeparableConv2d");
}

TEST(FuseSeparable, KeepsWhatAnotherReads) {
    GraphMaker make;
    const ValueId between = depthwise(make);
    expect_fused(make.finish({make.conv(between, 4, 1), make.conv(between, 5, 1)}),
                 "Conv2d Conv2d Conv2d");
    GraphMaker other;
    const ValueId output = depthwise(other);
    expect_fused(other.finish({output, other.conv(output, 4, 1)}), "Conv2d Conv2d");
}

TEST(FuseSeparable, KeepsOneThatIsReadAsResidual) {
    GraphMaker make;
    const ValueId shortcut = depthwise(make);
    const ValueId conv = make.conv(make.input({2, 3, 5, 5}), 6, 1);
    expect_fused(make.finish({make.add(shortcut, conv)}), "Conv2d Conv2d");
}

TEST(FuseSeparable, KeepsOtherReaders) {
    for (const int kind : {0, 1, 2}) {
        GraphMaker make;
        const ValueId between = depthwise(make);
        const ValueId reader = kind == 0   ? make.conv(between, 4, 3, 1)
                               : kind == 1 ? make.conv(between, 4, 1, 0, 2)
                                           : make.conv(between, 4, 1, 1);
        expect_fused(make.finish({reader}), "Conv2d Conv2d");
    }
}

TEST(FuseSeparable, KeepsAGroupedFirst) {
    GraphMaker make;
    const ValueId grouped = make.conv(make.input({1, 6, 5, 5}), 6, 3, 1, 3);
    expect_fused(make.finish({make.conv(grouped, 4, 1)}), "Conv2d Conv2d");
}

TEST(FuseSeparable, KeepsWhatDoesNotWin) {
    GraphMaker make;
    Graph graph = make.finish({make.conv(depthwise(make), 4, 1)});
    EXPECT_FALSE(fuse_separable(graph, [](const SeparableConv2d &) { return false; }));
    EXPECT_EQ(operations(graph), "Conv2d Conv2d");
}

// 12 channels in 3 groups on 6x6.
struct TwoLevel {
    GraphMaker make;
    ValueId input = make.input({2, 12, 6, 6});
    ValueId grouped = make.conv(input, 9, 3, 1, 3);
    ValueId first;

    explicit TwoLevel(int k = 3, int pad = 1) : first(make.conv(input, 3, k, pad, 3)) {}
};

TEST(FuseTwoLevel, AsExported) {
    TwoLevel two;
    const ValueId spread = two.make.conv(two.first, 9, 1);
    expect_fused(two.make.finish({two.make.add(two.grouped, spread)}), "TwoLevelConv2d");
}

TEST(FuseTwoLevel, InTheOtherOrder) {
    GraphMaker make;
    const ValueId input = make.input({1, 12, 6, 6});
    const ValueId spread = make.conv(make.conv(input, 3, 3, 1, 3), 9, 1);
    const ValueId grouped = make.conv(input, 9, 3, 1, 3);
    expect_fused(make.finish({make.add(spread, grouped)}), "TwoLevelConv2d");
}

TEST(FuseTwoLevel, WithBatchNormActivationAndShortcut) {
    TwoLevel two;
    GraphMaker &make = two.make;
    const ValueId first = make.scale_shift(two.first);
    const ValueId sum = make.add(make.conv(first, 9, 1), make.scale_shift(two.grouped));
    const ValueId normalized = make.scale_shift(sum);
    const ValueId output = make.activate(make.add(normalized, make.input({2, 9, 6, 6})));
    const Graph after = expect_fused(make.finish({output}), "TwoLevelConv2d");
    const auto &fused = std::get<TwoLevelConv2d>(after.nodes[0].operation);
    EXPECT_TRUE(fused.grouped.has_residual);
    EXPECT_EQ(fused.grouped.activation, Activation::relu());
}

TEST(FuseTwoLevel, ThePrototypeForm) {
    TwoLevel two;
    const ValueId among = two.make.conv(two.first, 3, 1);
    const ValueId spread = two.make.conv(among, 9, 1, 0, 3);
    expect_fused(two.make.finish({two.make.add(two.grouped, spread)}), "TwoLevelConv2d");
}

TEST(FuseTwoLevel, WithSmallerRepresentatives) {
    TwoLevel two(1, 0);
    const ValueId spread = two.make.conv(two.first, 9, 1);
    expect_fused(two.make.finish({two.make.add(two.grouped, spread)}), "TwoLevelConv2d");
}

TEST(FuseTwoLevel, KeepsLargerRepresentatives) {
    TwoLevel two(5, 2);
    const ValueId spread = two.make.conv(two.first, 9, 1);
    expect_fused(two.make.finish({two.make.add(two.grouped, spread)}), "Conv2d Conv2d Conv2d");
}

TEST(FuseTwoLevel, KeepsRepresentativesWithAnActivation) {
    TwoLevel two;
    const ValueId spread = two.make.conv(two.make.activate(two.first), 9, 1);
    expect_fused(two.make.finish({two.make.add(two.grouped, spread)}), "Conv2d Conv2d Conv2d");
}

TEST(FuseTwoLevel, KeepsRepresentativesThatAnotherReads) {
    TwoLevel two;
    const ValueId spread = two.make.conv(two.first, 9, 1);
    expect_fused(two.make.finish({two.make.add(two.grouped, spread), two.first}),
                 "Conv2d Conv2d Conv2d");
}

TEST(FuseTwoLevel, KeepsRepresentativesOfAnotherInput) {
    GraphMaker make;
    const ValueId first = make.conv(make.input({1, 12, 6, 6}), 3, 3, 1, 3);
    const ValueId grouped = make.conv(make.input({1, 12, 6, 6}), 9, 3, 1, 3);
    expect_fused(make.finish({make.add(grouped, make.conv(first, 9, 1))}), "Conv2d Conv2d Conv2d");
}

TEST(FuseTwoLevel, KeepsOtherGroups) {
    GraphMaker make;
    const ValueId input = make.input({1, 12, 6, 6});
    const ValueId first = make.conv(input, 2, 3, 1, 2);
    const ValueId grouped = make.conv(input, 9, 3, 1, 3);
    expect_fused(make.finish({make.add(grouped, make.conv(first, 9, 1))}), "Conv2d Conv2d Conv2d");
}

TEST(FuseTwoLevel, KeepsADenseConvolution) {
    GraphMaker make;
    const ValueId input = make.input({1, 12, 6, 6});
    const ValueId first = make.conv(input, 1, 3, 1);
    const ValueId dense = make.conv(input, 9, 3, 1);
    expect_fused(make.finish({make.add(dense, make.conv(first, 9, 1))}), "Conv2d Conv2d Conv2d");
}

TEST(FuseTwoLevel, KeepsWhatDoesNotWin) {
    TwoLevel two;
    const ValueId spread = two.make.conv(two.first, 9, 1);
    Graph graph = two.make.finish({two.make.add(two.grouped, spread)});
    optimize(graph);
    EXPECT_FALSE(fuse_two_level(graph, [](const TwoLevelConv2d &) { return false; }));
    EXPECT_EQ(operations(graph), "Conv2d Conv2d Conv2d");
}

}  // namespace
}  // namespace convoy
