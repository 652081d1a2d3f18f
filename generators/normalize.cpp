#include "generators/normalize.h"

namespace convoy {

using namespace Halide;

bool normalize_accepts(const NormalizeKernel &kernel) {
    const View &input = kernel.input;
    const bool is_full = input.layout.block == 1 || input.padded_channels() == input.c;
    return is_full && input.layout == kernel.output.layout;
}

NormalizeStages normalize(const NormalizeKernel &kernel) {
    const int lanes = kernel.input.layout.block, blocks = kernel.input.c / lanes;
    const float count = float(kernel.input.c);
    NormalizeStages s;
    s.input = view_param(kernel.input, "input");
    s.scale = channel_param(kernel.input, "scale");
    s.shift = channel_param(kernel.input, "shift");
    RDom all(0, blocks, "all"), each(0, blocks, "each");
    s.sum_block = all.x, s.squares_block = each.x;
    const auto element = [&](const Expr &block) {
        return s.input(s.lane, s.w, s.h, block, s.image);
    };
    const auto over_lanes = [&](Func &total, const Func &part, RVar &at, const char *name) -> Expr {
        if (lanes == 1) return part(0, s.w, s.h, s.image);
        RDom every(0, lanes, name);
        at = every.x;
        total(s.w, s.h, s.image) = 0.0f;
        total(s.w, s.h, s.image) += part(every.x, s.w, s.h, s.image);
        return total(s.w, s.h, s.image);
    };

    s.lane_sums = Func("lane_sums"), s.sum = Func("sum"), s.mean = Func("mean");
    s.lane_sums(s.lane, s.w, s.h, s.image) = 0.0f;
    s.lane_sums(s.lane, s.w, s.h, s.image) += element(all.x);
    s.mean(s.w, s.h, s.image) = over_lanes(s.sum, s.lane_sums, s.sum_lane, "sum_lane") / count;

    // In two passes: the difference of two means of squares would lose its digits.
    const Expr mean = s.mean(s.w, s.h, s.image);
    const Expr distance = element(each.x) - mean;
    s.lane_squares = Func("lane_squares"), s.squares = Func("squares");
    s.lane_squares(s.lane, s.w, s.h, s.image) = 0.0f;
    s.lane_squares(s.lane, s.w, s.h, s.image) += distance * distance;
    const Expr squares = over_lanes(s.squares, s.lane_squares, s.squares_lane, "squares_lane");
    s.inverse = Func("inverse");
    s.inverse(s.w, s.h, s.image) = 1.0f / sqrt(squares / count + kernel.epsilon);

    s.output = Func("output");
    s.output(s.lane, s.w, s.h, s.c, s.image) =
        (element(s.c) - mean) * s.inverse(s.w, s.h, s.image) * s.scale(s.lane, s.c) +
        s.shift(s.lane, s.c);
    constrain_output(s.output, kernel.output);
    return s;
}

}  // namespace convoy
