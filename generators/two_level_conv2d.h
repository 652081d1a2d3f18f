#pragma once

#include "generators/stages.h"

namespace convoy {

// Two-level group convolution whose vector runs over the output channels of one group. The
// representatives' vector runs over the input channels of theirs, whose lanes are summed last.
// A group's channels fill whole blocks: (ic/g) % input block == 0 and (oc/g) % vector == 0.
//
// Layouts, innermost first, f32:
//   input            (lane, iw, ih, ic block of the group, group, mb)
//   weights          one row: (lane, kw, kh, ic block of the group, group) of the representatives,
//                    (vector, representative, oc vector of the group, group) of the spread, then
//                    (vector, ic position of the group, kw, kh, oc vector of the group, group)
//   bias             one row: (vector, oc vector of the group, group)
//   representatives  (group, ow, oh, mb)
//   output           (lane, block of the vector, ow, oh, oc vector of the group, group, mb)
struct TwoLevelConv2dStages {
    Halide::ImageParam input, weights, bias, residual;
    Halide::Func lane_sums, representatives, accumulator, output;
    Halide::Var x{"x"}, y{"y"};  // of lane_sums and representatives
    Halide::Var lane{"lane"}, sub{"sub"}, ow{"ow"}, oh{"oh"}, oc{"oc"}, group{"group"},
        image{"image"};
    Halide::RVar lane_kw, lane_kh, lane_block;  // lane_sums.update()
    Halide::RVar summed_lane;                   // representatives.update()
    Halide::RVar representative;                // accumulator.update(0): the spread
    Halide::RVar ic_lane, ic_block, kw, kh;     // accumulator.update(1): the convolution
    int subs = 1;                               // extent of sub
    bool has_residual = false;

    std::vector<Halide::Argument> arguments() const;
};

bool two_level_conv2d_accepts(const TwoLevelConv2dKernel &kernel, int vector);
TwoLevelConv2dStages two_level_conv2d(const TwoLevelConv2dKernel &kernel, int vector);

}  // namespace convoy
