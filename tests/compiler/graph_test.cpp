#include "compiler/graph.h"

#include <gtest/gtest.h>

#include <functional>
#include <stdexcept>

#include "tests/compiler/graph_maker.h"

namespace convoy {
namespace {

// conv + residual, relu, fully connected.
Graph small_graph() {
    GraphMaker make;
    const ValueId input = make.input({1, 4, 5, 5});
    const ValueId sum = make.add(make.conv(input, 4, 3, 1, 2), input);
    return make.finish({make.fully_connected(make.activate(sum), 1, 3)});
}

TEST(Graph, CountsUsesOfNodesAndOutputs) {
    Graph graph = small_graph();
    EXPECT_EQ(graph.uses(graph.inputs[0]), 2);
    EXPECT_EQ(graph.uses(graph.outputs[0]), 1);
    graph.outputs.push_back(graph.outputs[0]);
    EXPECT_EQ(graph.uses(graph.outputs[0]), 2);
}

TEST(Graph, FindsProducers) {
    const Graph graph = small_graph();
    EXPECT_EQ(graph.producer(graph.inputs[0]), -1);
    EXPECT_EQ(graph.producer(graph.outputs[0]), 3);
}

TEST(Graph, CountsMacsAndParameters) {
    const Graph graph = small_graph();
    EXPECT_EQ(graph.macs(), 5 * 5 * 4 * 2 * 9 + 100 * 3);
    EXPECT_EQ(graph.parameter_count(), 4 * 2 * 9 + 4 + 100 * 3 + 3);
    GraphMaker make;
    EXPECT_EQ(make.finish({make.scale_shift(make.input({1, 4}))}).parameter_count(), 8);
}

TEST(Graph, PrintsDims) {
    EXPECT_EQ(dims_text({1, 3, 224, 224}), "(1, 3, 224, 224)");
    EXPECT_EQ(dims_text({}), "()");
}

struct Violation {
    const char *name;
    std::function<void(Graph &)> make;
    const char *message;
};

void PrintTo(const Violation &violation, std::ostream *stream) {
    *stream << violation.name;
}

class GraphViolations : public testing::TestWithParam<Violation> {};

TEST_P(GraphViolations, AreFoundByCheck) {
    Graph graph = small_graph();
    GetParam().make(graph);
    try {
        check(graph);
        FAIL() << "check() found nothing";
    } catch (const std::logic_error &error) {
        EXPECT_NE(std::string(error.what()).find(GetParam().message), std::string::npos)
            << error.what();
    }
}

Conv2d &conv_of(Graph &graph) {
    return std::get<Conv2d>(graph.nodes[0].operation);
}

const std::vector<Violation> violations = {
    {"Order", [](Graph &g) { std::swap(g.nodes[1], g.nodes[2]); }, "before it is defined"},
    {"Cycle", [](Graph &g) { g.nodes[0].inputs[0] = g.nodes[1].output; }, "before it is defined"},
    {"SecondWriter", [](Graph &g) { g.nodes[1].output = g.nodes[0].output; }, "a second time"},
    {"WritesInput", [](Graph &g) { g.nodes[2].output = g.inputs[0]; }, "a second time"},
    {"NoSuchInput", [](Graph &g) { g.nodes[0].inputs[0] = 99; }, "does not exist"},
    {"NoSuchOutput", [](Graph &g) { g.nodes[0].output = -1; }, "does not exist"},
    {"GraphOutput", [](Graph &g) { g.outputs[0] = 99; }, "is not defined"},
    {"GraphInput", [](Graph &g) { g.inputs.push_back(99); }, "is not a value"},
    {"InputTwice", [](Graph &g) { g.inputs.push_back(g.inputs[0]); }, "listed twice"},
    {"InputDims", [](Graph &g) { g.values[g.inputs[0]].dims[1] = 8; }, "its input is (1, 8, 5, 5)"},
    {"ConvProblem", [](Graph &g) { conv_of(g).problem.oh = 7; }, "oh is 7, expected 5"},
    {"Weights", [](Graph &g) { conv_of(g).weights = conv_of(g).bias; }, "expected 72 elements"},
    {"NoBias", [](Graph &g) { conv_of(g).bias = nullptr; }, "1 inputs, expected 2"},
    {"NoResidual", [](Graph &g) { conv_of(g).has_residual = true; }, "1 inputs, expected 2"},
    {"AddDims",
     [](Graph &g) {
         g.values[g.nodes[1].output].dims = {1, 4, 25};
     },
     "node 'n1' (Binary): its inputs are (1, 4, 5, 5) and (1, 4, 5, 5), its output (1, 4, 25)"},
    {"FullyConnected", [](Graph &g) { std::get<FullyConnected>(g.nodes[3].operation).ic = 99; },
     "expected 99"},
};

INSTANTIATE_TEST_SUITE_P(All, GraphViolations, testing::ValuesIn(violations),
                         [](const auto &test) { return std::string(test.param.name); });

TEST(GraphCheck, ReadsEveryOperation) {
    const auto expect_bad = [](Operation operation, std::vector<std::vector<int64_t>> inputs,
                               std::vector<int64_t> output) {
        GraphMaker make;
        std::vector<ValueId> ids;
        for (auto &dims : inputs) ids.push_back(make.input(dims));
        const ValueId value = make.append(std::move(operation), ids, std::move(output));
        EXPECT_THROW(make.finish({value}), std::logic_error);
    };
    const auto ones = std::make_shared<const std::vector<float>>(2, 1.0f);
    expect_bad(ScaleShift{ones, ones, {}}, {{1, 3}}, {1, 3});
    expect_bad(ScaleShift{ones, ones, {}}, {{2}}, {2});
    expect_bad(Activate{}, {{1, 3}}, {3, 1});
    expect_bad(Concat{1}, {}, {1});
    expect_bad(Concat{2}, {{1, 2}, {1, 3}}, {1, 5});
    expect_bad(Concat{1}, {{1, 2}, {2, 3}}, {1, 5});
    expect_bad(Concat{1}, {{1, 2}, {1, 3, 1}}, {1, 5});
    expect_bad(Concat{1}, {{1, 2}, {1, 3}}, {1, 6});
    expect_bad(Softmax{2}, {{1, 2}}, {1, 2});
    expect_bad(Softmax{-1}, {{1, 2}}, {1, 2});
    expect_bad(Reshape{}, {{1, 2}}, {1, 3});
    expect_bad(Binary{}, {{1, 2}, {1, 3}}, {1, 3});
    expect_bad(Binary{}, {{1, 2}, {2}}, {1, 2});
    expect_bad(Binary{}, {{1, 2}, {3, 1}}, {3, 1});
    expect_bad(Reduce{Reduction::sum, 1, 1}, {{1, 2}}, {1, 2});
    expect_bad(Reduce{Reduction::sum, 0, 3}, {{1, 2}}, {1, 1});
    expect_bad(Reduce{Reduction::sum, 1, 2}, {{1, 2}}, {1, 2});
    expect_bad(Normalize{1, 2, 0, ones, ones}, {{1, 3}}, {1, 3});
    expect_bad(MatMul{}, {{2, 3}, {4, 5}}, {2, 5});
    expect_bad(MatMul{true}, {{2, 3}, {3, 5}}, {2, 5});
    expect_bad(MatMul{}, {{2, 3}, {3, 5}}, {2, 4});
    expect_bad(MatMul{}, {{2, 2, 3}, {3, 3, 5}}, {2, 2, 5});
    expect_bad(Literal{ones}, {}, {1, 3});
    PoolProblem pool;
    pool.ih = pool.iw = 4;
    pool.kh = pool.kw = 2;
    pool.oh = pool.ow = 4;
    expect_bad(Pool2d{pool}, {{1, 1, 4, 4}}, {1, 1, 4, 4});
}

}  // namespace
}  // namespace convoy
