#include "generators/zero_padded.h"

#include <algorithm>

namespace convoy {

using namespace Halide;

Halo reach(const ConvProblem &p) {
    // The last window may end before the padded input does; a stride can also leave it short of the
    // input itself.
    const auto end = [](int o, int k, int s, int d, int i, int pad) {
        return std::max(0, (o - 1) * s + (k - 1) * d + 1 - i - pad);
    };
    return {p.ph, p.pw, end(p.oh, p.kh, p.sh, p.dh, p.ih, p.ph),
            end(p.ow, p.kw, p.sw, p.dw, p.iw, p.pw)};
}

bool lacks_reach(const Conv2dKernel &kernel) {
    const Halo needed = reach(kernel.problem), &has = kernel.input.halo;
    return kernel.problem.g == 1 && kernel.input.layout == Layout{} &&
           (has.top < needed.top || has.left < needed.left || has.bottom < needed.bottom ||
            has.right < needed.right);
}

ZeroPadded zero_padded(const ImageParam &input, const View &view) {
    Var w("w"), h("h"), channel("channel"), image("image");
    RDom columns(0, view.w, "columns");
    ZeroPadded padded{Func("padded"), columns[0]};
    // Two conditions in one definition would make Halide gather whole rows element by element.
    padded.rows(w, h, channel, image) = 0.0f;
    padded.rows(columns, h, channel, image) = select(
        h >= 0 && h < view.h, input(0, columns, clamp(h, 0, view.h - 1), channel, 0, image), 0.0f);
    return padded;
}

}  // namespace convoy
