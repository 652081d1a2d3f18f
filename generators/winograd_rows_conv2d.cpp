#include "generators/winograd_rows_conv2d.h"

#include "generators/conv_output.h"
#include "generators/grouped_conv2d.h"
#include "generators/winograd_transform.h"

namespace convoy {

using namespace Halide;

bool winograd_rows_conv2d_accepts(const Conv2dKernel &kernel) {
    const ConvProblem &p = kernel.problem;
    return p.kw == 3 && p.sw == 1 && p.dw == 1 && kernel.input.layout.block > 1 &&
           grouped_conv2d_accepts(kernel);
}

WinogradRowsConv2dStages winograd_rows_conv2d(const Conv2dKernel &kernel, int m, int tile_oc) {
    const ConvProblem &p = kernel.problem;
    const int ic = p.ic_per_group(), oc = p.oc_per_group(), tile = weight_tile(p, tile_oc);
    const WinogradTransform t = winograd_transform(m, 3);

    WinogradRowsConv2dStages s;
    s.m = m;
    s.tiles = (p.ow + m - 1) / m;
    s.lanes = kernel.input.layout.block;
    s.lane_groups = (p.g + s.lanes - 1) / s.lanes;

    s.input = groups_param(kernel.input, ic, s.lane_groups);
    s.weights = dense_param({s.lanes, tile, m + 2, p.kh, ic, oc / tile, s.lane_groups}, "weights");
    s.bias = dense_param({s.lanes, oc, s.lane_groups}, "bias");

    // The last tile may reach beyond the pads: what it reads there only meets outputs that are not
    // stored, where any finite value will do.
    const int columns = p.iw + p.pw_end;
    std::vector<Expr> taps;
    for (int n = 0; n < m + 2; n++) {
        Expr x = s.tile * m + n - p.pw;
        if (s.tiles * m + 2 - p.pw > columns) x = min(x, columns - 1);
        taps.push_back(s.input(s.lane, x, s.y, s.c, s.group, s.image));
    }
    s.input_transform = Func("input_transform");
    s.input_transform(s.lane, s.tile, s.y, s.c, s.group, s.image, s.point) =
        mux(s.point, winograd_input(t, taps));

    RDom reduction({{0, p.kh}, {0, ic}}, "reduction");
    s.kh = reduction[0], s.ic = reduction[1];
    s.product = Func("product");
    s.product(s.lane, s.tile, s.oh, s.oc, s.group, s.image, s.point) = 0.0f;
    s.product(s.lane, s.tile, s.oh, s.oc, s.group, s.image, s.point) +=
        s.weights(s.lane, s.oc % tile, s.point, s.kh, s.ic, s.oc / tile, s.group) *
        s.input_transform(s.lane, s.tile, s.oh * p.sh + s.kh * p.dh - p.ph, s.ic, s.group, s.image,
                          s.point);

    std::vector<Expr> products;
    for (int n = 0; n < m + 2; n++)
        products.push_back(s.product(s.lane, s.ow / m, s.oh, s.oc, s.group, s.image, n));
    const Expr value = mux(s.ow % m, winograd_output(t, products)) + s.bias(s.lane, s.oc, s.group);
    finish_blocks(s, kernel, value, oc, s.lane_groups);
    return s;
}

std::vector<Argument> WinogradRowsConv2dStages::arguments() const {
    std::vector<Argument> list = {input, weights, bias};
    if (has_residual) list.push_back(residual);
    return list;
}

}  // namespace convoy
