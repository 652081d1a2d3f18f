// Passes on activations of several operators, gates and slopes.

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "compiler/passes/fuse_residual.h"
#include "compiler/passes/optimize.h"
#include "compiler/passes/recognize_activation.h"
#include "compiler/passes/remove_dead_nodes.h"
#include "compiler/reference.h"
#include "tests/compiler/graph_maker.h"

namespace convoy {
namespace {

using Kind = Activation::Kind;

class Maker : public GraphMaker {
public:
    ValueId combine(Combine combine, ValueId a, ValueId b) {
        return append(Binary{combine, {}}, {a, b}, graph.values[a].dims);
    }
    ValueId mul(ValueId a, ValueId b) { return combine(Combine::mul, a, b); }
    ValueId apply(Kind kind, ValueId x, float alpha = 0, float beta = 0) {
        return activate(x, {kind, alpha, beta});
    }
    ValueId line(ValueId x, double scale, double shift) {
        const auto dims = graph.values[x].dims;
        const auto filled = [&](double value) {
            return std::make_shared<const std::vector<float>>(size_t(dims[1]), float(value));
        };
        return append(ScaleShift{filled(scale), filled(shift), {}}, {x}, dims);
    }
    ValueId literal(std::vector<int64_t> dims) {
        int64_t count = 1;
        for (int64_t dim : dims) count *= dim;
        const auto data = std::make_shared<std::vector<float>>();
        for (int64_t i = 0; i < count; ++i) data->push_back(float(i - 1));
        return append(Literal{data}, {}, std::move(dims));
    }
    // 1 + erf(x / sqrt(2))
    ValueId erf_sum(ValueId x) {
        return line(apply(Kind::erf, line(x, 1 / std::numbers::sqrt2, 0)), 1, 1);
    }
};

// The pass and remove_dead_nodes leave one Activate of this kind, which computes nearly the same.
void expect_recognized(const Graph &before, Kind kind) {
    Graph after = before;
    EXPECT_TRUE(recognize_activation(after));
    remove_dead_nodes(after);
    check(after);
    ASSERT_EQ(operations(after), "Activate");
    EXPECT_EQ(std::get<Activate>(after.nodes[0].operation).activation.kind, kind);
    EXPECT_EQ(after.values[after.outputs[0]].name, before.values[before.outputs[0]].name);
    const auto inputs = integer_inputs(before);
    const auto expected = evaluate(before, inputs)[0], found = evaluate(after, inputs)[0];
    for (size_t i = 0; i < expected.size(); ++i) EXPECT_NEAR(found[i], expected[i], 1e-6);
}

void expect_unrecognized(Graph graph) {
    const std::string before = operations(graph);
    EXPECT_FALSE(recognize_activation(graph));
    EXPECT_EQ(operations(graph), before);
}

TEST(RecognizeActivation, GatedByItself) {
    for (const bool is_first : {false, true}) {
        const auto gated = [&](Kind kind, auto gate) {
            Maker make;
            const ValueId x = make.input({2, 3, 4, 4}), g = gate(make, x);
            expect_recognized(make.finish({is_first ? make.mul(g, x) : make.mul(x, g)}), kind);
        };
        gated(Kind::silu, [](Maker &m, ValueId x) { return m.apply(Kind::sigmoid, x); });
        gated(Kind::hard_swish,
              [](Maker &m, ValueId x) { return m.apply(Kind::hard_sigmoid, x, 1.0f / 6, 0.5f); });
        gated(Kind::mish,
              [](Maker &m, ValueId x) { return m.apply(Kind::tanh, m.apply(Kind::softplus, x)); });
    }
}

TEST(RecognizeActivation, GeluInAnyOrder) {
    Maker last;
    ValueId x = last.input({2, 3, 4, 4});
    expect_recognized(last.finish({last.line(last.mul(x, last.erf_sum(x)), 0.5, 0)}), Kind::gelu);
    Maker first;
    x = first.input({2, 3, 4, 4});
    expect_recognized(first.finish({first.mul(first.erf_sum(x), first.line(x, 0.5, 0))}),
                      Kind::gelu);
}

TEST(RecognizeActivation, KeepsOthers) {
    Maker other_gate;
    const ValueId x = other_gate.input({1, 2, 3, 3}), z = other_gate.input({1, 2, 3, 3});
    expect_unrecognized(other_gate.finish({other_gate.mul(x, other_gate.apply(Kind::sigmoid, z))}));
    Maker slope;
    const ValueId y = slope.input({1, 2, 3, 3});
    expect_unrecognized(
        slope.finish({slope.mul(y, slope.apply(Kind::hard_sigmoid, y, 0.2f, 0.5f))}));
    Maker without_half;
    const ValueId u = without_half.input({1, 2, 3, 3});
    expect_unrecognized(without_half.finish({without_half.mul(u, without_half.erf_sum(u))}));
    Maker sum;
    const ValueId v = sum.input({1, 2, 3, 3});
    expect_unrecognized(sum.finish({sum.combine(Combine::add, v, sum.apply(Kind::sigmoid, v))}));
}

TEST(FuseResidual, TakesGatesAndSlopes) {
    for (const Combine combine : {Combine::mul, Combine::prelu, Combine::sub, Combine::min}) {
        Maker make;
        const ValueId conv = make.conv(make.input({2, 2, 4, 4}), 3, 3, 1);
        const ValueId slopes = make.literal({1, 3, 1, 1});
        Graph graph = make.finish({make.combine(combine, conv, slopes)});
        const Graph before = graph;
        EXPECT_TRUE(fuse_residual(graph));
        EXPECT_EQ(operations(graph), "Literal Conv2d");
        expect_same_results(before, graph);
    }
}

TEST(FuseResidual, KeepsWhatTheConvCannotDo) {
    const auto expect_kept = [](Combine combine, bool is_conv_first, std::vector<int64_t> dims) {
        Maker make;
        const ValueId conv = make.conv(make.input({2, 2, 4, 4}), 3, 3, 1);
        const ValueId other = make.literal(dims);
        const ValueId result = is_conv_first
                                   ? make.combine(combine, conv, other)
                                   : make.append(Binary{combine, {}}, {other, conv}, {2, 3, 4, 4});
        Graph graph = make.finish({result});
        EXPECT_FALSE(fuse_residual(graph)) << to_string(combine);
    };
    expect_kept(Combine::div, true, {2, 3, 4, 4});
    expect_kept(Combine::sub, false, {2, 3, 4, 4});
    expect_kept(Combine::prelu, false, {2, 3, 4, 4});
    expect_kept(Combine::mul, true, {1, 1, 4, 4});
}

TEST(FuseResidual, KeepsAConvThatIsBroadcast) {
    Maker make;
    const ValueId input = make.input({1, 2, 4, 4});
    const ValueId gate = make.conv(make.input({1, 2, 1, 1}), 2, 1);
    Graph graph = make.finish({make.mul(input, gate)});
    EXPECT_FALSE(fuse_residual(graph));
}

TEST(Optimize, SqueezeAndExcitationKeepsOneProduct) {
    Maker make;
    const ValueId input = make.input({1, 4, 6, 6});
    const ValueId x = make.conv(input, 4, 3, 1, 4);
    const ValueId wide = make.mul(x, make.apply(Kind::sigmoid, x));
    PoolProblem p{.kind = PoolProblem::Kind::average, .c = 4, .ih = 6, .iw = 6};
    p.kh = p.kw = 6;
    const ValueId pooled = make.append(Pool2d{p}, {wide}, {1, 4, 1, 1});
    const ValueId gate = make.apply(Kind::sigmoid, make.conv(pooled, 4, 1));
    Graph graph = make.finish({make.conv(make.mul(wide, gate), 4, 1)});
    optimize(graph);
    EXPECT_EQ(operations(graph), "Conv2d Pool2d Conv2d Binary Conv2d");
    EXPECT_EQ(std::get<Conv2d>(graph.nodes[0].operation).activation.kind, Kind::silu);
    EXPECT_EQ(std::get<Conv2d>(graph.nodes[2].operation).activation.kind, Kind::sigmoid);
}

}  // namespace
}  // namespace convoy
