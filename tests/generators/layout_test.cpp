#include "generators/layout.h"

#include <gtest/gtest.h>

#include <vector>

namespace convoy {
namespace {

TEST(Layout, Text) {
    EXPECT_EQ(to_string(Layout{}), "nchw");
    EXPECT_EQ(to_string(Layout{16}), "nChw16c");
    EXPECT_EQ(to_string(Layout{8, 32}), "nChw8c/g32");
}

std::vector<int> channels_in_order(const Layout &layout, int channels, int positions) {
    std::vector<int> order;
    for (int position = 0; position < positions; position++)
        order.push_back(channel_at(layout, channels, position));
    return order;
}

TEST(Layout, BlockedChannelsKeepTheirOrder) {
    EXPECT_EQ(channels_in_order({4}, 6, 8), (std::vector<int>{0, 1, 2, 3, 4, 5, -1, -1}));
}

TEST(Layout, InterleavedBlocksHoldOneChannelOfEachGroup) {
    // 4 groups of 3 channels, 2 groups a block.
    EXPECT_EQ(channels_in_order({2, 4}, 12, 12),
              (std::vector<int>{0, 3, 1, 4, 2, 5, 6, 9, 7, 10, 8, 11}));
    // One channel a group is plain blocking.
    EXPECT_EQ(channels_in_order({4, 8}, 8, 8), (std::vector<int>{0, 1, 2, 3, 4, 5, 6, 7}));
}

TEST(Layout, PaddedGroupsStartBlocksOfTheirOwn) {
    EXPECT_EQ(channels_in_order({4, 2, true}, 10, 17),
              (std::vector<int>{0, 1, 2, 3, 4, -1, -1, -1, 5, 6, 7, 8, 9, -1, -1, -1, -1}));
    EXPECT_EQ(positions({4, 2, true}, 10), 16);
    EXPECT_EQ(to_string(Layout{8, 4, true}), "nChw8c/p4");
    EXPECT_EQ(make_view(1, 36, 1, 1, {8, 2, true}, 16).padded_channels(), 48);
    EXPECT_EQ(make_view(1, 36, 1, 1, {8, 4, true}, 16).padded_channels(), 64);
}

TEST(Layout, PositionOfIsTheInverseOfChannelAt) {
    for (const Layout &layout : {Layout{}, Layout{8}, Layout{2, 6}, Layout{8, 8}, Layout{8, 24},
                                 Layout{8, 4, true}, Layout{16, 2, true}}) {
        for (int channel = 0; channel < 48; channel++)
            EXPECT_EQ(channel_at(layout, 48, position_of(layout, 48, channel)), channel)
                << to_string(layout);
    }
}

TEST(View, StridesCountTheHalo) {
    View view = make_view(2, 20, 5, 7, {8}, 16);
    EXPECT_EQ(view.blocks, 4);  // 20 channels fill two vectors of 16
    EXPECT_EQ(view.padded_channels(), 32);
    EXPECT_EQ(view.row_stride(), 7 * 8);
    EXPECT_EQ(view.plane_stride(), 5 * 7 * 8);
    EXPECT_EQ(view.origin(), 0);
    EXPECT_EQ(view.floats(), 2 * 4 * 5 * 7 * 8);
    view.halo = {.top = 1, .left = 2, .bottom = 3, .right = 4};
    EXPECT_EQ(view.row_stride(), 13 * 8);
    EXPECT_EQ(view.plane_stride(), 9 * 13 * 8);
    EXPECT_EQ(view.image_stride(), 4 * 9 * 13 * 8);
    EXPECT_EQ(view.origin(), (13 + 2) * 8);
    EXPECT_EQ(to_string(view), "nChw8c+1,2,3,4");
}

TEST(View, BlocksCoverWholeVectorsAndBlocks) {
    EXPECT_EQ(make_view(1, 5, 1, 1, {}, 16).blocks, 5);
    EXPECT_EQ(make_view(1, 5, 1, 1, {16}, 16).blocks, 1);
    EXPECT_EQ(make_view(1, 17, 1, 1, {16}, 16).blocks, 2);
    EXPECT_EQ(make_view(1, 17, 1, 1, {4}, 16).blocks, 8);
    // A block longer than the vector.
    EXPECT_EQ(make_view(1, 17, 1, 1, {16}, 8).blocks, 2);
}

}  // namespace
}  // namespace convoy
