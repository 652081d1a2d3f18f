// Each pass: the structure it leaves, equal results, and where it must not fire.

#include <gtest/gtest.h>

#include <limits>

#include "compiler/passes/fold_reshape.h"
#include "compiler/passes/fold_scale_shift.h"
#include "compiler/passes/fuse_activation.h"
#include "compiler/passes/fuse_residual.h"
#include "compiler/passes/optimize.h"
#include "compiler/passes/remove_dead_nodes.h"
#include "compiler/reference.h"
#include "tests/compiler/graph_maker.h"

namespace convoy {
namespace {

using Kind = Activation::Kind;

// Runs the pass and expects that it fired, leaving these operations.
Graph expect_fires(bool (*pass)(Graph &), const Graph &before, const std::string &expected) {
    Graph after = before;
    EXPECT_TRUE(pass(after));
    EXPECT_EQ(operations(after), expected);
    expect_same_results(before, after);
    EXPECT_FALSE(pass(after)) << "it fires again on its own result";
    return after;
}

void expect_keeps(bool (*pass)(Graph &), const Graph &before) {
    Graph after = before;
    EXPECT_FALSE(pass(after));
    EXPECT_EQ(operations(after), operations(before));
    expect_same_results(before, after);
}

TEST(FoldScaleShift, IntoConvBefore) {
    GraphMaker make;
    const ValueId conv = make.conv(make.input({2, 4, 5, 5}), 6, 3, 1, 2);
    expect_fires(fold_scale_shift, make.finish({make.scale_shift(conv)}), "Conv2d");
}

TEST(FoldScaleShift, IntoFullyConnectedBefore) {
    GraphMaker make;
    const ValueId fc = make.fully_connected(make.input({2, 4}), 2, 3);
    expect_fires(fold_scale_shift, make.finish({make.scale_shift(fc)}), "FullyConnected");
}

TEST(FoldScaleShift, CarriesItsActivationIntoConv) {
    GraphMaker make;
    const ValueId conv = make.conv(make.input({1, 2, 3, 3}), 2, 1);
    const ValueId output = make.scale_shift(conv);
    std::get<ScaleShift>(make.graph.nodes.back().operation).activation = Activation::relu();
    const Graph after = expect_fires(fold_scale_shift, make.finish({output}), "Conv2d");
    EXPECT_EQ(std::get<Conv2d>(after.nodes[0].operation).activation.kind, Kind::relu);
}

TEST(FoldScaleShift, IntoUnpaddedConvBehind) {
    GraphMaker make;
    const ValueId input = make.input({2, 4, 5, 5});
    expect_fires(fold_scale_shift, make.finish({make.conv(make.scale_shift(input), 6, 3, 0, 2)}),
                 "Conv2d");
}

TEST(FoldScaleShift, WithoutShiftIntoPaddedConvBehind) {
    GraphMaker make;
    const ValueId scaled = make.scale_shift(make.input({2, 4, 5, 5}), false);
    expect_fires(fold_scale_shift, make.finish({make.conv(scaled, 6, 3, 1, 2)}), "Conv2d");
}

TEST(FoldScaleShift, IntoScaleShiftBefore) {
    GraphMaker make;
    const ValueId input = make.input({2, 3, 2, 2});
    expect_fires(fold_scale_shift, make.finish({make.scale_shift(make.scale_shift(input))}),
                 "ScaleShift");
}

TEST(FoldScaleShift, KeepsOneBehindAnActivation) {
    GraphMaker make;
    const ValueId conv = make.conv(make.input({1, 2, 3, 3}), 2, 1);
    std::get<Conv2d>(make.graph.nodes.back().operation).activation = Activation::relu();
    expect_keeps(fold_scale_shift, make.finish({make.scale_shift(conv)}));
}

TEST(FoldScaleShift, KeepsOneBehindAResidual) {
    GraphMaker make;
    const ValueId input = make.input({1, 2, 3, 3});
    const ValueId conv = make.conv(input, 2, 1);
    std::get<Conv2d>(make.graph.nodes.back().operation).has_residual = true;
    make.graph.nodes.back().inputs.push_back(input);
    expect_keeps(fold_scale_shift, make.finish({make.scale_shift(conv)}));
}

TEST(FoldScaleShift, KeepsOneWhoseInputIsReadElsewhere) {
    GraphMaker make;
    const ValueId conv = make.conv(make.input({1, 2, 3, 3}), 2, 1);
    const ValueId scaled = make.scale_shift(conv);
    expect_keeps(fold_scale_shift, make.finish({make.activate(conv), make.activate(scaled)}));
}

TEST(FoldScaleShift, KeepsOneBehindAGraphOutput) {
    GraphMaker make;
    const ValueId conv = make.conv(make.input({1, 2, 3, 3}), 2, 1);
    expect_keeps(fold_scale_shift, make.finish({conv, make.scale_shift(conv)}));
}

TEST(FoldScaleShift, KeepsAShiftInFrontOfPads) {
    GraphMaker make;
    const ValueId shifted = make.scale_shift(make.input({1, 2, 3, 3}));
    expect_keeps(fold_scale_shift, make.finish({make.conv(shifted, 2, 3, 1)}));
}

TEST(FoldScaleShift, KeepsOneWithAnActivationInFrontOfConv) {
    GraphMaker make;
    const ValueId shifted = make.scale_shift(make.input({1, 2, 3, 3}));
    std::get<ScaleShift>(make.graph.nodes.back().operation).activation = Activation::relu();
    expect_keeps(fold_scale_shift, make.finish({make.conv(shifted, 2, 1)}));
}

TEST(FoldScaleShift, KeepsAResidual) {
    GraphMaker make;
    const ValueId input = make.input({1, 2, 3, 3});
    const ValueId residual = make.scale_shift(input);
    const ValueId conv = make.conv(input, 2, 1);
    std::get<Conv2d>(make.graph.nodes.back().operation).has_residual = true;
    make.graph.nodes.back().inputs.push_back(residual);
    expect_keeps(fold_scale_shift, make.finish({conv}));
}

TEST(FuseActivation, IntoEveryOperationThatCarriesOne) {
    GraphMaker make;
    const ValueId input = make.input({1, 2, 3, 3});
    const ValueId conv = make.activate(make.conv(input, 2, 1));
    const ValueId scaled = make.activate(make.scale_shift(input));
    const ValueId sum = make.activate(make.add(conv, scaled));
    const ValueId fc = make.activate(make.fully_connected(sum, 1, 4), Activation::clip(-1, 2));
    expect_fires(fuse_activation, make.finish({fc}), "Conv2d ScaleShift Binary FullyConnected");
}

TEST(FuseActivation, ChainsOfActivations) {
    GraphMaker make;
    const ValueId input = make.input({1, 2, 3, 3});
    const ValueId first = make.activate(input);
    const ValueId second = make.activate(first, Activation::clip(-1, 2));
    const Graph after =
        expect_fires(fuse_activation, make.finish({make.activate(second)}), "Activate");
    EXPECT_EQ(std::get<Activate>(after.nodes[0].operation).activation, Activation::clip(0, 2));
}

TEST(FuseActivation, KeepsOneBehindAnOperationThatCarriesNone) {
    GraphMaker make;
    const ValueId input = make.input({1, 2, 3, 3});
    expect_keeps(fuse_activation, make.finish({make.activate(make.reshape(input, {2, 9}))}));
}

TEST(FuseActivation, KeepsOneWhoseInputIsReadElsewhere) {
    GraphMaker make;
    const ValueId conv = make.conv(make.input({1, 2, 3, 3}), 2, 1);
    expect_keeps(fuse_activation, make.finish({make.activate(conv), make.scale_shift(conv)}));
}

TEST(FuseActivation, KeepsOneOfAGraphInput) {
    GraphMaker make;
    expect_keeps(fuse_activation, make.finish({make.activate(make.input({1, 2}))}));
}

TEST(FuseActivation, ComposesExactly) {
    const float highest = std::numeric_limits<float>::max();
    const std::vector<Activation> activations = {{},
                                                 Activation::relu(),
                                                 Activation::clip(0, 6),
                                                 Activation::clip(-2, -1),
                                                 Activation::clip(1, 3),
                                                 Activation::clip(-highest, 2),
                                                 Activation::clip(-1, highest),
                                                 Activation::clip(2, 2)};
    const auto apply = [](const Activation &activation, double x) {
        GraphMaker make;
        Graph graph = make.finish({make.activate(make.input({1}), activation)});
        return evaluate(graph, {{x}})[0][0];
    };
    for (const Activation &first : activations) {
        for (const Activation &second : activations) {
            for (double x : {-9.0, -2.0, -1.5, -1.0, 0.0, 0.5, 1.0, 2.0, 2.5, 3.0, 6.0, 9.0}) {
                EXPECT_EQ(apply(*compose(first, second), x), apply(second, apply(first, x)));
            }
        }
    }
    EXPECT_EQ(compose(Activation::relu(), Activation::relu()), Activation::relu());
    EXPECT_EQ(compose({Activation::Kind::silu}, Activation::relu()), std::nullopt);
    EXPECT_EQ(compose(Activation::relu(), {Activation::Kind::silu}), std::nullopt);
    EXPECT_EQ(compose(Activation::clip(-1, highest), Activation::relu()), Activation::relu());
}

TEST(FuseResidual, TakesTheAddsActivation) {
    GraphMaker make;
    const ValueId input = make.input({1, 2, 4, 4});
    const ValueId sum = make.add(make.conv(input, 2, 3, 1), input);
    std::get<Binary>(make.graph.nodes.back().operation).activation = Activation::relu();
    const Graph after = expect_fires(fuse_residual, make.finish({sum}), "Conv2d");
    const auto &conv = std::get<Conv2d>(after.nodes[0].operation);
    EXPECT_TRUE(conv.has_residual);
    EXPECT_EQ(conv.activation, Activation::relu());
    EXPECT_EQ(after.nodes[0].inputs, (std::vector<ValueId>{0, 0}));
}

TEST(FuseResidual, FromEitherOperand) {
    GraphMaker make;
    const ValueId input = make.input({1, 2, 4, 4});
    expect_fires(fuse_residual, make.finish({make.add(input, make.conv(input, 2, 3, 1))}),
                 "Conv2d");
}

TEST(FuseResidual, MovesTheConvBehindTheResidual) {
    GraphMaker make;
    const ValueId input = make.input({1, 2, 4, 4});
    const ValueId conv = make.conv(input, 2, 1);
    const ValueId residual = make.activate(input);
    expect_fires(fuse_residual, make.finish({make.add(conv, residual)}), "Activate Conv2d");
}

TEST(FuseResidual, ChoosesTheLaterOfTwoConvs) {
    GraphMaker make;
    const ValueId input = make.input({1, 2, 4, 4});
    const ValueId first = make.conv(input, 2, 3, 1), second = make.conv(input, 2, 1);
    const Graph after =
        expect_fires(fuse_residual, make.finish({make.add(second, first)}), "Conv2d Conv2d");
    EXPECT_FALSE(std::get<Conv2d>(after.nodes[0].operation).has_residual);
    EXPECT_TRUE(std::get<Conv2d>(after.nodes[1].operation).has_residual);
    EXPECT_EQ(std::get<Conv2d>(after.nodes[1].operation).problem.kh, 1);
}

TEST(FuseResidual, OnePerConv) {
    GraphMaker make;
    const ValueId input = make.input({1, 2, 4, 4});
    const ValueId first = make.add(make.conv(input, 2, 3, 1), input);
    expect_fires(fuse_residual, make.finish({make.add(first, input)}), "Conv2d Binary");
}

TEST(FuseResidual, KeepsASumOfOneValueWithItself) {
    GraphMaker make;
    const ValueId conv = make.conv(make.input({1, 2, 4, 4}), 2, 1);
    expect_keeps(fuse_residual, make.finish({make.add(conv, conv)}));
}

TEST(FuseResidual, KeepsAConvWithAnActivation) {
    GraphMaker make;
    const ValueId input = make.input({1, 2, 4, 4});
    const ValueId conv = make.conv(input, 2, 1);
    std::get<Conv2d>(make.graph.nodes.back().operation).activation = Activation::relu();
    expect_keeps(fuse_residual, make.finish({make.add(conv, input)}));
}

TEST(FuseResidual, KeepsAConvThatIsReadElsewhere) {
    GraphMaker make;
    const ValueId input = make.input({1, 2, 4, 4});
    const ValueId conv = make.conv(input, 2, 1);
    // The residual depends on the convolution itself.
    expect_keeps(fuse_residual, make.finish({make.add(conv, make.activate(conv))}));
}

TEST(FuseResidual, KeepsAConvThatIsAGraphOutput) {
    GraphMaker make;
    const ValueId input = make.input({1, 2, 4, 4});
    const ValueId conv = make.conv(input, 2, 1);
    expect_keeps(fuse_residual, make.finish({conv, make.add(conv, input)}));
}

// Folds reshapes and removes what nothing reads any more, which leaves these operations.
void expect_folds(const Graph &before, const std::string &expected) {
    Graph after = before;
    EXPECT_TRUE(fold_reshape(after));
    remove_dead_nodes(after);
    EXPECT_EQ(operations(after), expected);
    expect_same_results(before, after);
}

TEST(FoldReshape, InFrontOfFullyConnected) {
    GraphMaker make;
    const ValueId flat = make.reshape(make.input({2, 3, 4, 4}), {2, 48});
    expect_folds(make.finish({make.fully_connected(flat, 2, 5)}), "FullyConnected");
}

TEST(FoldReshape, KeepsOneThatSplitsImages) {
    GraphMaker make;
    const ValueId flat = make.reshape(make.input({2, 3, 4, 4}), {4, 24});
    expect_keeps(fold_reshape, make.finish({make.fully_connected(flat, 4, 5)}));
}

TEST(FoldReshape, KeepsOneThatOthersRead) {
    GraphMaker make;
    const ValueId flat = make.reshape(make.input({2, 3, 4, 4}), {2, 48});
    expect_folds(make.finish({make.fully_connected(flat, 2, 5), make.scale_shift(flat)}),
                 "Reshape FullyConnected ScaleShift");
}

TEST(FoldReshape, OfReshape) {
    GraphMaker make;
    const ValueId first = make.reshape(make.input({2, 3, 4}), {6, 4});
    expect_folds(make.finish({make.reshape(first, {24})}), "Reshape");
}

TEST(FoldReshape, ThereAndBack) {
    GraphMaker make;
    const ValueId relu = make.activate(make.input({2, 3, 4}));
    const ValueId back = make.reshape(make.reshape(relu, {6, 4}), {2, 3, 4});
    Graph graph = make.finish({back});
    const Graph before = graph;
    while (fold_reshape(graph) || remove_dead_nodes(graph)) {
    }
    EXPECT_EQ(operations(graph), "Activate");
    expect_same_results(before, graph);
}

TEST(FoldReshape, KeepsCopiesOfInputsAndOutputs) {
    GraphMaker make;
    const ValueId input = make.input({2, 3});
    const ValueId relu = make.activate(input);
    expect_keeps(fold_reshape,
                 make.finish({make.reshape(input, {2, 3}), relu, make.reshape(relu, {2, 3})}));
}

TEST(RemoveDeadNodes, ChainsAndTheirValues) {
    GraphMaker make;
    const ValueId input = make.input({1, 2, 3, 3}), unused = make.input({7});
    make.activate(make.activate(input));
    const ValueId conv = make.conv(input, 2, 1);
    make.activate(conv);
    const Graph after = expect_fires(remove_dead_nodes, make.finish({conv}), "Conv2d");
    EXPECT_EQ(after.values.size(), 3u);
    EXPECT_EQ(after.inputs, (std::vector<ValueId>{input, unused}));
}

TEST(RemoveDeadNodes, KeepsWhatIsRead) {
    GraphMaker make;
    const ValueId relu = make.activate(make.input({1, 2}));
    expect_keeps(remove_dead_nodes, make.finish({relu, make.activate(relu)}));
}

TEST(Optimize, ResidualBlockBecomesConvolutions) {
    GraphMaker make;
    const ValueId input = make.input({1, 4, 6, 6});
    const ValueId first = make.activate(make.scale_shift(make.conv(input, 4, 3, 1)));
    const ValueId second = make.scale_shift(make.conv(first, 4, 3, 1, 2));
    const ValueId shortcut = make.scale_shift(make.conv(input, 4, 1));
    const ValueId sum = make.activate(make.add(second, shortcut));
    const ValueId flat = make.reshape(sum, {1, 144});
    Graph graph = make.finish({make.activate(make.fully_connected(flat, 1, 3))});
    const Graph before = graph;
    optimize(graph);
    EXPECT_EQ(operations(graph), "Conv2d Conv2d Conv2d FullyConnected");
    expect_same_results(before, graph);
    EXPECT_EQ(graph.macs(), before.macs());
}

TEST(Optimize, ListsPassesByName) {
    std::string names;
    for (const Pass &pass : passes()) names += std::string(pass.name) + " ";
    EXPECT_EQ(names,
              "recognize_activation recognize_channel_shuffle sink_transposition fold_reshape "
              "fold_scale_shift fuse_activation fuse_residual fold_channel_shuffle "
              "remove_dead_nodes ");
}

}  // namespace
}  // namespace convoy
