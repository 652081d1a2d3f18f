#include "compiler/plan/layout_assignment.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "compiler/plan/node_kernel.h"
#include "tests/compiler/graph_maker.h"
#include "tests/plan/networks.h"

namespace convoy {
namespace {

// Values that are read in another layout than they are stored in.
int reorders(const Graph &graph, const LayoutAssignment &layouts) {
    int count = 0;
    for (size_t n = 0; n < graph.nodes.size(); n++) {
        const std::vector<ValueId> &inputs = graph.nodes[n].inputs;
        for (size_t i = 0; i < inputs.size(); i++)
            count += layouts.read[n][i] != layouts.stored[inputs[i]];
    }
    for (ValueId output : graph.outputs) count += layouts.stored[output] != Layout{};
    return count;
}

// What lower() relies on.
void check_assignment(const Graph &graph, const LayoutAssignment &layouts) {
    ASSERT_EQ(layouts.stored.size(), graph.values.size());
    ASSERT_EQ(layouts.read.size(), graph.nodes.size());
    EXPECT_LT(layouts.cycles, 1e15) << "an impossible choice was taken";
    EXPECT_GT(layouts.cycles, 0);
    for (ValueId input : graph.inputs) EXPECT_EQ(layouts.stored[input], Layout{});
    for (size_t n = 0; n < graph.nodes.size(); n++) {
        const Node &node = graph.nodes[n];
        SCOPED_TRACE(node.name);
        ASSERT_EQ(layouts.read[n].size(), node.inputs.size());
        const Layout stored = layouts.stored[node.output];
        for (size_t i = 0; i < node.inputs.size(); i++) {
            const bool is_residual = i == 1 && std::holds_alternative<Conv2d>(node.operation);
            if (keeps_layout(node) || is_residual) {
                EXPECT_EQ(layouts.read[n][i], stored);
            }
            if (needs_nchw(graph, node)) {
                EXPECT_EQ(layouts.read[n][i], Layout{});
            }
        }
        if (needs_nchw(graph, node)) {
            EXPECT_EQ(stored, Layout{});
        }
        const int channels =
            graph.values[node.output].dims.size() > 1 ? (int)graph.values[node.output].dims[1] : 1;
        EXPECT_EQ(channels % stored.groups, 0);
        EXPECT_TRUE(stored.groups == 1 || stored.groups % stored.block == 0);
    }
}

LayoutAssignment assign(const Graph &graph, const char *board, const Records &records = {}) {
    LayoutAssignment layouts = assign_layouts(graph, load_board(board), records);
    check_assignment(graph, layouts);
    return layouts;
}

class Layouts : public testing::TestWithParam<NetworkOnBoard> {};

TEST_P(Layouts, AreLegal) {
    check_assignment(planned(GetParam()).graph, planned(GetParam()).layouts);
}

INSTANTIATE_TEST_SUITE_P(Networks, Layouts, testing::ValuesIn(networks_on_boards()), test_name);

// Four channels a group leave half a vector empty unless its lanes are groups.
TEST(LayoutAssignment, KeepsGroupedAndPointwiseLayersInterleaved) {
    GraphMaker make;
    ValueId value = make.conv(make.input({1, 3, 28, 28}), 64, 3, 1);
    for (int block = 0; block < 4; block++) {
        value = make.conv(value, 64, 3, 1, 16);
        value = make.conv(value, 64, 1);
    }
    const Graph graph = make.finish({make.conv(value, 64, 3, 1, 16)});
    const LayoutAssignment layouts = assign(graph, "avx2");
    const Layout interleaved{8, 16};
    for (size_t n = 0; n + 1 < graph.nodes.size(); n++)
        EXPECT_EQ(to_string(layouts.stored[graph.nodes[n].output]), to_string(interleaved)) << n;
    EXPECT_LE(reorders(graph, layouts), 2) << "the graph's input and output at most";
}

TEST(LayoutAssignment, ReordersNothingInsideTheDigitsNetwork) {
    const Graph graph = import_network("digits");
    EXPECT_LE(reorders(graph, assign(graph, "avx2")), 2)
        << "the graph's input, and the pooled vector, whose layouts are the same memory";
}

// Blocks that are full of channels; half empty ones are normalized in nchw.
TEST(LayoutAssignment, NormalizesBlocks) {
    for (const int channels : {64, 36}) {
        GraphMaker make;
        const ValueId first = make.conv(make.input({2, 3, 28, 28}), channels, 3, 1);
        const auto ones = std::make_shared<const std::vector<float>>(size_t(channels), 1.0f);
        const ValueId normalized =
            make.append(Normalize{1, 2, 1e-6f, ones, ones}, {first}, {2, channels, 28, 28});
        const Graph graph = make.finish({make.conv(normalized, channels, 1)});
        const LayoutAssignment layouts = assign(graph, "avx2");
        const bool is_blocked = channels % 8 == 0;
        EXPECT_EQ(layouts.stored[normalized].block, is_blocked ? 8 : 1);
        EXPECT_EQ(layouts.read[1][0], layouts.stored[normalized]);
        if (is_blocked) {
            EXPECT_EQ(layouts.stored[first], layouts.stored[normalized]);
        }
    }
}

TEST(LayoutAssignment, ReadsResidualsInTheLayoutOfTheOutput) {
    GraphMaker make;
    const ValueId first = make.conv(make.input({1, 3, 14, 14}), 32, 3, 1);
    Graph graph = make.finish({make.add(make.conv(first, 32, 3, 1, 8), first)});
    assign(graph, "avx2");
    auto &conv = std::get<Conv2d>(graph.nodes[1].operation);
    conv.has_residual = true;
    graph.nodes[1].inputs.push_back(first);
    graph.outputs = {graph.nodes[1].output};
    graph.nodes.pop_back();
    check(graph);
    assign(graph, "avx2");
}

// A layer measured to be fast in one layout is run in it, whatever the model says.
TEST(LayoutAssignment, FollowsTheRecords) {
    GraphMaker make;
    const Graph graph = make.finish({make.conv(make.input({1, 32, 28, 28}), 32, 3, 1)});
    const Board board = load_board("avx2");
    const Node &node = graph.nodes[0];
    for (Layout layout : {Layout{}, Layout{8, 1}}) {
        const Kernel kernel = node_kernel(graph, node, {layout}, layout, board.vector_floats);
        const std::vector<RankedSchedule> ranked = rank_schedules(kernel, board, {}, 1);
        ASSERT_FALSE(ranked.empty());
        const Schedule &schedule = ranked.front().schedule;
        Records records;
        Record record;
        record.schedule = schedule;
        record.template_version = template_of(schedule, board).version;
        record.time_us = 1e-3;
        records.add(to_string(kernel), record);
        const LayoutAssignment layouts = assign(graph, "avx2", records);
        EXPECT_EQ(layouts.read[0][0], layout);
        EXPECT_EQ(layouts.stored[node.output], layout);
    }
}

}  // namespace
}  // namespace convoy
