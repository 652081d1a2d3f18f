// Where a channel shuffle is recognized, folded into its neighbours, and where it must stay.

#include <gtest/gtest.h>

#include "compiler/passes/fold_channel_shuffle.h"
#include "compiler/passes/optimize.h"
#include "compiler/passes/recognize_channel_shuffle.h"
#include "tests/compiler/graph_maker.h"

namespace convoy {
namespace {

ValueId shuffle(GraphMaker &make, ValueId input, int groups) {
    return make.append(ChannelShuffle{groups}, {input}, make.graph.values[input].dims);
}

ValueId pool(GraphMaker &make, ValueId input) {
    const auto dims = make.graph.values[input].dims;
    PoolProblem p{.mb = int(dims[0]), .c = int(dims[1]), .ih = int(dims[2]), .iw = int(dims[3])};
    p.kh = p.kw = 2;
    p.oh = p.ih - 1, p.ow = p.iw - 1;
    return make.append(Pool2d{p}, {input}, {p.mb, p.c, p.oh, p.ow});
}

// As PyTorch exports it: (mb, c, h, w) as (mb, first, second, h, w), two dims exchanged, and back.
ValueId exported_shuffle(GraphMaker &make, ValueId input, std::vector<int64_t> split,
                         const std::vector<int> &order) {
    const std::vector<int64_t> dims = make.graph.values[input].dims;
    const CopyProblem whole = whole_copy(split);
    CopyProblem copy;
    std::vector<int64_t> exchanged;
    for (const int from : order) {
        copy.dims.push_back(whole.dims[from]);
        exchanged.push_back(split[from]);
    }
    const ValueId pieces = make.reshape(input, split);
    return make.reshape(make.append(StridedCopy{merge_dims(copy)}, {pieces}, exchanged), dims);
}

void expect_folded(const Graph &before, const std::string &expected) {
    Graph after = before;
    EXPECT_TRUE(fold_channel_shuffle(after));
    EXPECT_EQ(operations(after), expected);
    expect_same_results(before, after);
}

void expect_kept(const Graph &before) {
    Graph after = before;
    EXPECT_FALSE(fold_channel_shuffle(after));
    EXPECT_EQ(operations(after), operations(before));
}

TEST(RecognizeChannelShuffle, AsExported) {
    for (const int64_t mb : {1, 2}) {
        for (const int64_t groups : {2, 3, 4, 6}) {
            GraphMaker make;
            const ValueId input = make.input({mb, 12, 5, 4});
            const std::vector<int64_t> split = {mb, groups, 12 / groups, 5, 4};
            const ValueId shuffled = exported_shuffle(make, input, split, {0, 2, 1, 3, 4});
            const Graph before = make.finish({make.activate(shuffled)});
            Graph after = before;
            optimize(after);
            EXPECT_EQ(operations(after), "ChannelShuffle Activate");
            ASSERT_FALSE(after.nodes.empty());
            const auto *shuffle = std::get_if<ChannelShuffle>(&after.nodes[0].operation);
            EXPECT_TRUE(shuffle && shuffle->groups == groups);
            expect_same_results(before, after);
        }
    }
}

TEST(RecognizeChannelShuffle, OtherTransposesStay) {
    // Rows and columns exchanged, images and channels, channels split in three.
    const std::vector<std::pair<std::vector<int64_t>, std::vector<int>>> others = {
        {{2, 12, 5, 4}, {0, 1, 3, 2}},
        {{2, 12, 5, 4}, {1, 0, 2, 3}},
        {{2, 2, 3, 2, 20}, {0, 3, 2, 1, 4}},
    };
    for (const auto &[split, order] : others) {
        GraphMaker make;
        const ValueId input = make.input({2, 12, 5, 4});
        Graph graph = make.finish({exported_shuffle(make, input, split, order)});
        EXPECT_FALSE(recognize_channel_shuffle(graph));
    }
}

TEST(RecognizeChannelShuffle, StaysWhereAnotherReadsThePieces) {
    GraphMaker make;
    const ValueId input = make.input({1, 12, 5, 4});
    const ValueId shuffled = exported_shuffle(make, input, {1, 3, 4, 5, 4}, {0, 2, 1, 3, 4});
    const ValueId exchanged = make.graph.nodes.back().inputs[0];
    Graph graph = make.finish({shuffled, exchanged});
    EXPECT_FALSE(recognize_channel_shuffle(graph));
}

TEST(FoldChannelShuffle, IntoTheConvolutionBehind) {
    for (const int groups : {2, 3, 4, 6, 12}) {
        GraphMaker make;
        const ValueId input = make.input({2, 12, 5, 4});
        expect_folded(make.finish({make.conv(shuffle(make, input, groups), 7, 3, 1)}), "Conv2d");
    }
}

TEST(FoldChannelShuffle, IntoTheProductBehind) {
    GraphMaker make;
    const ValueId input = make.input({2, 12, 3, 2});
    expect_folded(make.finish({make.fully_connected(shuffle(make, input, 3), 2, 5)}),
                  "FullyConnected");
}

TEST(FoldChannelShuffle, ThroughWhatKeepsTheOrderOfChannels) {
    GraphMaker make;
    ValueId x = shuffle(make, make.input({1, 12, 6, 5}), 3);
    x = make.conv(x, 12, 3, 1, 12);
    x = pool(make, make.activate(make.scale_shift(x)));
    expect_folded(make.finish({make.conv(x, 4, 1)}), "Conv2d ScaleShift Activate Pool2d Conv2d");
}

TEST(FoldChannelShuffle, IntoTheConvolutionBefore) {
    for (const int groups : {2, 4, 6}) {
        GraphMaker make;
        const ValueId conv = make.conv(make.input({1, 5, 6, 5}), 12, 3, 1);
        expect_folded(make.finish({shuffle(make, conv, groups)}), "Conv2d");
    }
}

TEST(FoldChannelShuffle, IntoTheConvolutionBeforeThroughWhatKeepsTheOrder) {
    GraphMaker make;
    ValueId x = make.conv(make.input({1, 5, 6, 5}), 12, 1);
    x = make.activate(make.conv(x, 12, 3, 1, 12));
    const ValueId last = shuffle(make, x, 2);
    // Two readers, of which one is grouped.
    expect_folded(make.finish({make.conv(last, 4, 1), make.conv(last, 6, 1, 0, 3)}),
                  "Conv2d Conv2d Activate Conv2d Conv2d");
}

TEST(FoldChannelShuffle, StaysBetweenGroupedConvolutions) {
    GraphMaker make;
    const ValueId conv = make.conv(make.input({1, 12, 4, 4}), 12, 1, 0, 3);
    expect_kept(make.finish({make.conv(shuffle(make, conv, 3), 12, 1, 0, 3)}));
}

TEST(FoldChannelShuffle, StaysWhereAnotherReadsTheOrder) {
    GraphMaker make;
    const ValueId input = make.input({1, 12, 4, 4});
    const ValueId shuffled = shuffle(make, input, 3);
    expect_kept(make.finish({make.conv(shuffled, 4, 1), shuffled}));
}

TEST(FoldChannelShuffle, StaysBehindAConvolutionThatAnotherReads) {
    GraphMaker make;
    const ValueId conv = make.conv(make.input({1, 5, 4, 4}), 12, 1);
    expect_kept(make.finish({shuffle(make, conv, 3), conv}));
}

TEST(FoldChannelShuffle, StaysOnAResidual) {
    GraphMaker make;
    const ValueId input = make.input({1, 12, 4, 4});
    const ValueId shuffled = shuffle(make, input, 3);
    make.conv(input, 12, 1);
    make.graph.nodes.back().inputs.push_back(shuffled);
    std::get<Conv2d>(make.graph.nodes.back().operation).has_residual = true;
    const ValueId output = make.graph.nodes.back().output;
    expect_kept(make.finish({output}));
}

TEST(FoldChannelShuffle, StaysBehindAResidual) {
    GraphMaker make;
    const ValueId input = make.input({1, 12, 4, 4});
    const ValueId conv = make.conv(input, 12, 1);
    make.graph.nodes.back().inputs.push_back(input);
    std::get<Conv2d>(make.graph.nodes.back().operation).has_residual = true;
    expect_kept(make.finish({shuffle(make, conv, 3)}));
}

}  // namespace
}  // namespace convoy
