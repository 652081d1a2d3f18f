// Where transpositions to channels last and back vanish, and where they must stay.

#include <gtest/gtest.h>

#include "compiler/passes/optimize.h"
#include "compiler/passes/sink_transposition.h"
#include "compiler/reference.h"
#include "tests/compiler/graph_maker.h"

namespace convoy {
namespace {

using Dims = std::vector<int64_t>;

constexpr int64_t mb = 2, c = 3, h = 5, w = 4;

class Maker : public GraphMaker {
public:
    ValueId image() { return input({mb, c, h, w}); }

    ValueId transpose(ValueId value, const std::vector<int> &order) {
        const Dims dims = graph.values[value].dims;
        const CopyProblem whole = whole_copy(dims);
        CopyProblem copy;
        Dims to;
        for (const int d : order) {
            copy.dims.push_back(whole.dims[d]);
            to.push_back(dims[d]);
        }
        return append(StridedCopy{copy}, {value}, to);
    }
    ValueId last(ValueId value) { return transpose(value, {0, 2, 3, 1}); }
    ValueId back(ValueId value) { return transpose(value, {0, 3, 1, 2}); }

    ValueId literal(const Dims &dims) {
        return append(Literal{numbers(Value{"", dims}.count())}, {}, dims);
    }
    ValueId product(ValueId value, int64_t n, bool is_transposed = false) {
        Dims dims = graph.values[value].dims, matrix = {1, 1, dims[3], n};
        if (is_transposed) std::swap(matrix[2], matrix[3]);
        dims[3] = n;
        const ValueId right = literal(matrix);
        return append(MatMul{false, is_transposed}, {value, right}, dims);
    }
    ValueId binary(Combine combine, ValueId a, ValueId b) {
        const ValueId larger = graph.values[a].count() < graph.values[b].count() ? b : a;
        return append(Binary{combine, {}}, {a, b}, graph.values[larger].dims);
    }
    ValueId with_constant(Combine combine, ValueId value) {
        return binary(combine, value, literal({1, 1, 1, graph.values[value].dims[3]}));
    }
    ValueId normalize(ValueId value) {
        const Dims dims = graph.values[value].dims;
        return append(Normalize{3, 4, 0.5f, numbers(dims[3]), numbers(dims[3])}, {value}, dims);
    }

private:
    Constant numbers(int64_t count) {
        std::vector<float> data;
        for (int64_t i = 0; i < count; ++i) data.push_back(float((i * 5 + 3) % 7 - 2));
        return std::make_shared<const std::vector<float>>(std::move(data));
    }
};

// What is left once optimize() has run, computing the same.
void expect_becomes(const Graph &before, const std::string &expected) {
    Graph sunk = before;
    EXPECT_TRUE(sink_transposition(sunk));
    expect_same_results(before, sunk);
    EXPECT_FALSE(sink_transposition(sunk)) << "it fires again on its own result";
    Graph after = before;
    optimize(after);
    EXPECT_EQ(operations(after), expected);
    expect_same_results(before, after);
}

void expect_kept(const Graph &before) {
    Graph after = before;
    EXPECT_FALSE(sink_transposition(after));
    EXPECT_EQ(operations(after), operations(before));
}

TEST(SinkTransposition, ProductsAndConstantsBecomeConvolutions) {
    for (const bool is_transposed : {false, true}) {
        Maker make;
        ValueId value = make.product(make.last(make.image()), 12, is_transposed);
        value = make.activate(make.with_constant(Combine::add, value));
        value = make.with_constant(Combine::mul, make.product(value, 3, is_transposed));
        expect_becomes(make.finish({make.back(value)}), "Conv2d Conv2d");
    }
}

TEST(SinkTransposition, ABlockOfConvNeXt) {
    Maker make;
    const ValueId image = make.image();
    ValueId value = make.normalize(make.last(make.conv(image, 3, 3, 1, 3)));
    value = make.activate(make.with_constant(Combine::add, make.product(value, 12)));
    value = make.back(make.with_constant(Combine::add, make.product(value, 3)));
    const Graph before = make.finish({make.add(make.scale_shift(value, false), image)});
    Graph after = before;
    optimize(after);
    EXPECT_EQ(operations(after), "Conv2d Normalize Conv2d Conv2d");
    // Statistics are divisions: equal but for the order of sums.
    const auto inputs = integer_inputs(before);
    const auto expected = evaluate(before, inputs)[0], found = evaluate(after, inputs)[0];
    ASSERT_EQ(found.size(), expected.size());
    for (size_t i = 0; i < found.size(); ++i) EXPECT_NEAR(found[i], expected[i], 1e-9) << i;
}

TEST(SinkTransposition, NormalizesOverDimensionOne) {
    Maker make;
    const Graph before = make.finish({make.back(make.normalize(make.last(make.image())))});
    expect_becomes(before, "Normalize");
    Graph after = before;
    optimize(after);
    const auto &normalize = std::get<Normalize>(after.nodes[0].operation);
    EXPECT_EQ(normalize.first, 1);
    EXPECT_EQ(normalize.last, 2);
}

TEST(SinkTransposition, EveryWayOfConstants) {
    Maker make;
    const ValueId value = make.last(make.image());
    const ValueId constant = make.literal({1, 1, 1, c});
    for (const ValueId moved : {
             make.binary(Combine::add, constant, value),
             make.binary(Combine::mul, constant, value),
             make.binary(Combine::sub, value, constant),
         }) {
        make.graph.outputs.push_back(make.back(moved));
    }
    expect_becomes(make.finish(make.graph.outputs), "ScaleShift ScaleShift ScaleShift");
}

TEST(SinkTransposition, AScaleOfAllElements) {
    Maker make;
    const ValueId value = make.last(make.image());
    const auto constant = [](float x) {
        return std::make_shared<const std::vector<float>>(size_t(h), x);
    };
    const ScaleShift all{constant(3), constant(2), {}};
    const ValueId scaled = make.append(all, {value}, {mb, h, w, c});
    expect_becomes(make.finish({make.back(scaled)}), "ScaleShift");
}

TEST(SinkTransposition, AValueUsedTwiceInside) {
    Maker make;
    const ValueId value = make.product(make.last(make.image()), c);
    const ValueId gated = make.binary(Combine::mul, value, make.activate(value));
    expect_becomes(make.finish({make.back(gated)}), "Conv2d Activate Binary");
}

TEST(SinkTransposition, SeveralWaysBack) {
    Maker make;
    const ValueId value = make.product(make.last(make.image()), 2);
    const ValueId first = make.back(value), second = make.back(make.activate(value));
    expect_becomes(make.finish({make.add(first, second), make.scale_shift(first)}),
                   "Conv2d Activate Binary ScaleShift");
}

TEST(SinkTransposition, NothingBetween) {
    Maker make;
    const ValueId same = make.back(make.last(make.activate(make.image())));
    expect_becomes(make.finish({make.scale_shift(same)}), "Activate ScaleShift");
}

TEST(SinkTransposition, KeepsOneThatDoesNotComeBack) {
    Maker make;
    make.finish({make.activate(make.product(make.last(make.image()), 12))});
    expect_kept(make.graph);
}

TEST(SinkTransposition, KeepsOneWhoseValueIsReadElsewhere) {
    // By the graph's caller, and by a node that cannot move.
    for (const bool is_output : {true, false}) {
        Maker make;
        const ValueId value = make.product(make.last(make.image()), c);
        const ValueId other = is_output ? value : make.reshape(value, {mb, h * w * c});
        make.finish({make.back(make.activate(value)), other});
        expect_kept(make.graph);
    }
}

TEST(SinkTransposition, KeepsOthersThanBackAndForth) {
    Maker make;
    const ValueId value = make.last(make.image());
    make.finish({make.transpose(make.activate(value), {0, 2, 1, 3})});
    expect_kept(make.graph);
}

TEST(SinkTransposition, KeepsWhatIsAnotherForEachRow) {
    {
        Maker make;
        make.finish({make.back(make.scale_shift(make.last(make.image())))});
        expect_kept(make.graph);
    }
    {
        Maker make;
        const ValueId value = make.last(make.image());
        make.finish({make.back(make.binary(Combine::add, value, make.literal({1, h, 1, c})))});
        expect_kept(make.graph);
    }
}

TEST(SinkTransposition, KeepsProductsOfActivationsAndOfOtherMatricesForEachRow) {
    for (const bool is_constant : {true, false}) {
        Maker make;
        const ValueId value = make.last(make.image());
        const Dims dims = {1, h, c, 6};
        const ValueId matrix = is_constant ? make.literal(dims) : make.input(dims);
        make.finish({make.back(make.append(MatMul{}, {value, matrix}, {mb, h, w, 6}))});
        expect_kept(make.graph);
    }
}

TEST(SinkTransposition, KeepsANormalizationOfSeveralDims) {
    Maker make;
    const ValueId value = make.last(make.image());
    const auto ones = std::make_shared<const std::vector<float>>(size_t(w * c), 1.0f);
    make.finish(
        {make.back(make.append(Normalize{2, 4, 0.5f, ones, ones}, {value}, {mb, h, w, c}))});
    expect_kept(make.graph);
}

}  // namespace
}  // namespace convoy
