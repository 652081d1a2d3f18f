#pragma once

#include <cstdint>
#include <string>

#include "generators/activation.h"

namespace convoy {

// One convolution, in oneDNN's letters: a layer is one problem descriptor everywhere (files,
// command line, test names, tuned records). Dilation 1 is dense. ph/pw are the zero rows above and
// columns left of the input, ph_end/pw_end those below and right of it.
struct ConvProblem {
    int mb = 1;
    int g = 1;
    int ic = 1, ih = 1, iw = 1;
    int oc = 1, oh = 1, ow = 1;
    int kh = 1, kw = 1;
    int sh = 1, sw = 1;
    int dh = 1, dw = 1;
    int ph = 0, pw = 0;
    int ph_end = 0, pw_end = 0;

    int ic_per_group() const { return ic / g; }
    int oc_per_group() const { return oc / g; }
    int64_t macs() const;
    int64_t weight_count() const { return int64_t{oc} * ic_per_group() * kh * kw; }

    bool operator==(const ConvProblem &) const = default;
};

// Output extent of a window of `k` taps at stride `s` and dilation `d` over `i` elements with `p` +
// `p_end` pads.
int output_extent(int i, int k, int s, int d, int p, int p_end);

// One input and one output channel a group.
bool is_depthwise(const ConvProblem &problem);

// A full 1x1 convolution that keeps the plane.
bool is_pointwise(const ConvProblem &problem);

// Throws std::invalid_argument naming the letter at fault, what was found and what was expected.
void check(const ConvProblem &problem);

// "g4ic64ih56oc64oh56kh3ph1": a square problem prints only its height letters, defaults are left
// out.
std::string to_string(const ConvProblem &problem);

// Parses a problem descriptor. Missing widths equal the heights, a missing oh/ow is computed,
// missing s/d are 1, a missing kw/pw equals kh/ph. Throws std::invalid_argument.
ConvProblem parse_conv_problem(const std::string &text);

// A max or average pooling window, same letters.
struct PoolProblem {
    enum class Kind { max, average };
    Kind kind = Kind::max;
    bool count_include_pad = false;  // average only: pads count in the divisor
    int mb = 1;
    int c = 1, ih = 1, iw = 1;
    int oh = 1, ow = 1;
    int kh = 1, kw = 1;
    int sh = 1, sw = 1;
    int dh = 1, dw = 1;
    int ph = 0, pw = 0;
    int ph_end = 0, pw_end = 0;

    bool operator==(const PoolProblem &) const = default;
};

}  // namespace convoy
