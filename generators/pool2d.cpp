#include "generators/pool2d.h"

#include <limits>

namespace convoy {

using namespace Halide;

namespace {

// The taps of a window along one axis that lie on the input, not on its pads.
Expr taps_inside(Expr first, int taps, int dilation, int extent) {
    const Expr low = max(0, (dilation - 1 - first) / dilation);
    const Expr high = min(taps, (extent - 1 - first) / dilation + 1);
    return high - low;
}

}  // namespace

Pool2dStages pool2d(const Pool2dKernel &kernel) {
    const PoolProblem &p = kernel.problem;
    const bool is_max = p.kind == PoolProblem::Kind::max;
    const bool padded = p.ph || p.pw || p.ph_end || p.pw_end;

    Pool2dStages s;
    s.input = view_param(kernel.input, "input");
    RDom taps({{0, p.kw}, {0, p.kh}}, "taps");
    s.kw = taps[0], s.kh = taps[1];

    const Expr iw = s.ow * p.sw + s.kw * p.dw - p.pw, ih = s.oh * p.sh + s.kh * p.dh - p.ph;
    Expr tap;
    if (padded) {
        // Of each axis by itself, and likely not: loops split where windows begin to leave the
        // input, and the others' code tests nothing.
        const Expr neutral = is_max ? Expr(-std::numeric_limits<float>::infinity()) : Expr(0.0f);
        tap = s.input(s.lane, clamp(likely(iw), 0, p.iw - 1), clamp(likely(ih), 0, p.ih - 1),
                      s.block, s.image);
        tap = select(ih < 0 || ih >= p.ih, neutral, likely(tap));
        tap = select(iw < 0 || iw >= p.iw, neutral, likely(tap));
    } else {
        tap = s.input(s.lane, iw, ih, s.block, s.image);
    }

    s.pooled = Func("pooled");
    s.output = Func("output");
    s.pooled(s.lane, s.ow, s.oh, s.block, s.image) =
        is_max ? -std::numeric_limits<float>::infinity() : 0.0f;
    Expr value = s.pooled(s.lane, s.ow, s.oh, s.block, s.image);
    if (is_max) {
        s.pooled(s.lane, s.ow, s.oh, s.block, s.image) = max(value, tap);
    } else {
        s.pooled(s.lane, s.ow, s.oh, s.block, s.image) += tap;
        Expr count = p.kw * p.kh;
        if (padded && !p.count_include_pad) {
            count = taps_inside(s.ow * p.sw - p.pw, p.kw, p.dw, p.iw) *
                    taps_inside(s.oh * p.sh - p.ph, p.kh, p.dh, p.ih);
        }
        value = value / cast<float>(count);
    }
    s.output(s.lane, s.ow, s.oh, s.block, s.image) = value;
    constrain_output(s.output, kernel.output);
    return s;
}

}  // namespace convoy
