// The oracle itself, against results worked out by hand.

#include "compiler/reference.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "tests/compiler/graph_maker.h"

namespace convoy {
namespace {

using Data = std::vector<double>;

Constant constant(std::vector<float> data) {
    return std::make_shared<const std::vector<float>>(std::move(data));
}

Data run(Operation operation, std::vector<int64_t> dims, Data input, std::vector<int64_t> output) {
    GraphMaker make;
    const ValueId value = make.append(std::move(operation), {make.input(std::move(dims))}, output);
    return evaluate(make.finish({value}), {std::move(input)})[0];
}

TEST(Reference, ConvWithPadsStrideAndBias) {
    Conv2d conv;
    conv.problem = parse_conv_problem("ic1ih3oc1kh2sh2ph1phe0pwe0");
    conv.weights = constant({1, 10, 100, 1000});
    conv.bias = constant({0.5});
    EXPECT_EQ(run(conv, {1, 1, 3, 3}, {1, 2, 3, 4, 5, 6, 7, 8, 9}, {1, 1, 2, 2}),
              (Data{1000.5, 3200.5, 7040.5, 9865.5}));
}

TEST(Reference, GroupedDilatedConv) {
    Conv2d conv;
    conv.problem = parse_conv_problem("g2ic2ih1iw3oc2kh1kw2dh1dw2ph0");
    conv.weights = constant({1, 2, 3, -4});
    conv.bias = constant({0, 0});
    conv.activation = Activation::relu();
    EXPECT_EQ(run(conv, {1, 2, 1, 3}, {1, 2, 3, 4, 5, 6}, {1, 2, 1, 1}), (Data{7, 0}));
}

TEST(Reference, AverageCountsWhatItIsTold) {
    PoolProblem p;
    p.kind = PoolProblem::Kind::average;
    p.iw = 2, p.ow = 2, p.kw = 2, p.pw = 1, p.pw_end = 0;
    EXPECT_EQ(run(Pool2d{p}, {1, 1, 1, 2}, {4, 8}, {1, 1, 1, 2}), (Data{4, 6}));
    p.count_include_pad = true;
    EXPECT_EQ(run(Pool2d{p}, {1, 1, 1, 2}, {4, 8}, {1, 1, 1, 2}), (Data{2, 6}));
}

TEST(Reference, MaximumIgnoresPads) {
    PoolProblem p;
    p.iw = 2, p.ow = 2, p.kw = 2, p.pw = 1, p.pw_end = 0;
    EXPECT_EQ(run(Pool2d{p}, {1, 1, 1, 2}, {-4, -8}, {1, 1, 1, 2}), (Data{-4, -4}));
}

TEST(Reference, SoftmaxAlongAnInnerAxis) {
    const Data found = run(Softmax{0}, {2, 2}, {0, 1000, std::log(3.0), 1000}, {2, 2});
    const Data expected = {0.25, 0.5, 0.75, 0.5};
    for (int i = 0; i < 4; ++i) EXPECT_NEAR(found[i], expected[i], 1e-15);
}

TEST(Reference, NanIsNotHidden) {
    const double nan = std::numeric_limits<double>::quiet_NaN();
    EXPECT_TRUE(std::isnan(run(Activate{Activation::relu()}, {1}, {nan}, {1})[0]));
    PoolProblem p;
    p.iw = 3, p.kw = 3;
    EXPECT_TRUE(std::isnan(run(Pool2d{p}, {1, 1, 1, 3}, {1, nan, 2}, {1, 1, 1, 1})[0]));
}

TEST(Reference, KeepsAnOutputThatIsReadAgain) {
    GraphMaker make;
    const ValueId relu = make.activate(make.input({2}));
    const Graph graph = make.finish({relu, make.add(relu, relu), relu});
    EXPECT_EQ(evaluate(graph, {{-1, 3}}), (std::vector<Data>{{0, 3}, {0, 6}, {0, 3}}));
}

TEST(Reference, RefusesOtherInputs) {
    GraphMaker make;
    const Graph graph = make.finish({make.activate(make.input({2, 3}))});
    EXPECT_THROW(evaluate(graph, {}), std::invalid_argument);
    EXPECT_THROW(evaluate(graph, {Data(5)}), std::invalid_argument);
}

}  // namespace
}  // namespace convoy
