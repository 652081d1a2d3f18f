#pragma once

#include <optional>

#include "generators/stages.h"

namespace convoy {

// Copies an activation into another layout; lanes beyond the last channel become zero, or are
// copied where the layout stays. Where the kernel has a first_channel, the output buffer starts at
// that channel's block and the rest of it is left alone.
struct ReorderStages {
    Halide::ImageParam input;
    Halide::Func output;
    Halide::Var lane{"lane"}, w{"w"}, h{"h"}, block{"block"}, image{"image"};

    std::vector<Halide::Argument> arguments() const { return {input}; }
};

// first_channel starts a block, and the input either ends the output's channels or fills whole
// vectors.
bool reorder_accepts(const ReorderKernel &kernel, int vector);
ReorderStages reorder(const ReorderKernel &kernel);

// A reorder between plain blocks and group-interleaved ones as a transposition: of the lanes of an
// interleaved block, which are groups, and of as many channels of each as a plain block has.
struct GroupTransposition {
    int lanes;             // groups of an interleaved block
    int channels;          // of a group, that lie in one plain block
    int groups;            // with channels in one plain block
    int blocks_per_group;  // plain ones that have such channels
    int lane_groups;       // interleaved blocks of the same channel
};

// Where all channels are copied, and plain blocks hold whole groups or groups whole plain blocks,
// without padding.
std::optional<GroupTransposition> group_transposition(const ReorderKernel &kernel);

// moved: (channel, group, w, h, block of the group, lane group, image) from the input to the
// output.
struct GroupReorderStages {
    Halide::ImageParam input;
    Halide::Func moved, output;
    // A float's channel among those of its group in a plain block, its lane of the interleaved one.
    Halide::Var channel{"channel"}, group{"group"};
    // In a plain output: a lane of a block, and which block it is of those with the same
    // group_block.
    Halide::Var lane{"lane"}, block{"block"};
    Halide::Var w{"w"}, h{"h"}, group_block{"group_block"}, lane_group{"lane_group"},
        image{"image"};

    std::vector<Halide::Argument> arguments() const { return {input}; }
};

GroupReorderStages group_reorder(const ReorderKernel &kernel);

}  // namespace convoy
