#include "generators/winograd_conv2d.h"

#include <algorithm>
#include <bit>
#include <numeric>

#include "generators/conv2d.h"
#include "generators/conv_output.h"
#include "generators/winograd_transform.h"

namespace convoy {

using namespace Halide;

namespace {

constexpr int few_channels = 4;  // an image's

bool is_gathered(const Conv2dKernel &kernel) {
    const ConvProblem &p = kernel.problem;
    return p.g == 1 && p.ic <= few_channels && kernel.input.layout == Layout{};
}

// Tiles overlap, and may reach beyond what the convolution reads.
Func gathered(const WinogradConv2dStages &s, const ConvProblem &p, const WinogradInput &input) {
    const Expr channel = s.ic_block * input.lanes + s.lane, phase = channel / p.ic;
    Var x("x"), y("y");
    Func f("gathered");
    f(s.lane, x, y, s.ic_block, s.image) =
        select(channel < input.channels,
               s.padded.rows(x * p.sw + phase % p.sw - p.pw, y * p.sh + phase / p.sw - p.ph,
                             channel % p.ic, s.image),
               0.0f);
    return f;
}

}  // namespace

WinogradInput winograd_input(const Conv2dKernel &kernel, int vector) {
    const ConvProblem &p = kernel.problem;
    const Conv2dExtents extents = conv2d_extents(kernel, vector);
    if (!is_gathered(kernel))
        return {kernel.input.layout.block, extents.ic, extents.ic_blocks, p.sh * p.sw};
    const int channels = p.ic * p.sh * p.sw;
    const int lanes = std::min(vector, std::max(4, (int)std::bit_ceil((unsigned)channels)));
    return {lanes, channels, (channels + lanes - 1) / lanes, 1, true};
}

bool winograd_conv2d_accepts(const Conv2dKernel &kernel, int vector) {
    const ConvProblem &p = kernel.problem;
    return p.kh == p.kw && p.sh == p.sw && p.sh <= 2 && p.dh == 1 && p.dw == 1 &&
           !winograd_sizes(winograd_taps(p.kh, p.sh)).empty() &&
           (kernel.input.layout.block > 1 || is_gathered(kernel)) &&
           kernel.output.layout.block == vector && conv2d_accepts(kernel, vector);
}

WinogradConv2dStages winograd_conv2d(const Conv2dKernel &kernel, int vector, int m_oh, int m,
                                     int tile_oc, int chunk_oc) {
    const ConvProblem &p = kernel.problem;
    const Conv2dExtents extents = conv2d_extents(kernel, vector);
    const WinogradInput input = winograd_input(kernel, vector);
    const int ic = input.channels, in_block = input.lanes;
    const int tile = product_weight_tile(tile_oc, chunk_oc);
    const WinogradTransform of_rows = winograd_transform(m, winograd_taps(p.kw, p.sw)),
                            of_columns = winograd_transform(m_oh, winograd_taps(p.kh, p.sh));
    const int stride = p.sh;

    WinogradConv2dStages s;
    s.taken = input;
    s.m_oh = m_oh, s.m = m;
    s.oc_vectors = extents.oc_vectors;
    s.tiles_x = (p.ow + m - 1) / m, s.tiles_y = (p.oh + m_oh - 1) / m_oh;

    s.input = groups_param(kernel.input, extents.ic_blocks, p.g);
    if (input.is_gathered) {
        s.padded = zero_padded(s.input, kernel.input);
        s.gathered = gathered(s, p, input);
    }
    s.weights = dense_param({vector, tile, ic * input.phases, chunk_oc / tile, of_rows.points(),
                             of_columns.points(), s.oc_vectors / chunk_oc, p.g},
                            "weights");
    s.bias = dense_param({vector, s.oc_vectors, p.g}, "bias");

    // The last tiles reach beyond what the convolution reads: what they read there only meets
    // outputs that are not stored and taps that are zero, where any finite value will do.
    const auto position = [&](const WinogradTransform &t, const Expr &at, const Expr &phase,
                              int tiles, int extent, int pad) {
        const Expr x = at * stride + phase - pad;
        const int last = (extent - 1) * stride + p.kh - 1 - pad;
        return (tiles * t.m + t.taps - 1) * stride - 1 - pad > last ? min(x, last) : x;
    };

    std::vector<Expr> taps;
    for (int n = 0; n < of_columns.points(); n++) {
        const Expr column = s.tile_x * m + s.column, row = s.tile_y * m_oh + n;
        if (input.is_gathered) {
            taps.push_back(s.gathered(s.lane, column, row, s.ic_block, s.image));
            continue;
        }
        const Expr x = position(of_rows, column, s.phase % stride, s.tiles_x, p.ow, p.pw);
        const Expr y = position(of_columns, row, s.phase / stride, s.tiles_y, p.oh, p.ph);
        taps.push_back(s.input(s.lane, x, y, s.ic_block, s.group, s.image));
    }
    s.row_transform = Func("row_transform");
    s.row_transform(s.lane, s.column, s.tile_x, s.tile_y, s.ic_block, s.phase, s.group, s.image,
                    s.i) = mux(s.i, winograd_input(of_columns, taps));
    taps.clear();
    for (int n = 0; n < of_rows.points(); n++) {
        taps.push_back(s.row_transform(s.lane, n, s.tile_x, s.tile_y, s.ic_block, s.phase, s.group,
                                       s.image, s.i));
    }
    s.input_transform = Func("input_transform");
    s.input_transform(s.lane, s.tile_x, s.tile_y, s.ic_block, s.phase, s.group, s.image, s.j, s.i) =
        mux(s.j, winograd_input(of_rows, taps));

    const int run = std::gcd(ic, in_block);
    RDom channels({{0, run}, {0, ic / run}, {0, input.phases}}, "channels");
    s.ic_lane = channels[0], s.ic_blocks = channels[1], s.phases = channels[2];
    const Expr ic_position = s.phases * ic + s.ic_blocks * run + s.ic_lane;
    // Halide takes the sum of a block's offset and a lane to reach beyond the block.
    const Expr in_lane =
        run == in_block
            ? Expr(s.ic_lane)
            : unsafe_promise_clamped((s.ic_blocks * run) % in_block + s.ic_lane, 0, in_block - 1);
    const Expr in_at_block = run == in_block ? Expr(s.ic_blocks) : (s.ic_blocks * run) / in_block;
    s.product = Func("product");
    s.product(s.lane, s.tile_x, s.tile_y, s.oc, s.group, s.image, s.j, s.i) = 0.0f;
    s.product(s.lane, s.tile_x, s.tile_y, s.oc, s.group, s.image, s.j, s.i) +=
        s.weights(s.lane, s.oc % tile, ic_position, s.oc % chunk_oc / tile, s.j, s.i,
                  s.oc / chunk_oc, s.group) *
        s.input_transform(in_lane, s.tile_x, s.tile_y, in_at_block, s.phases, s.group, s.image, s.j,
                          s.i);

    std::vector<Expr> products;
    for (int n = 0; n < of_rows.points(); n++) {
        products.push_back(s.product(s.lane, s.tile_x, s.tile_y, s.oc, s.group, s.image, n, s.i));
    }
    s.column_result = Func("column_result");
    s.column_result(s.lane, s.column, s.tile_x, s.tile_y, s.oc, s.group, s.image, s.i) =
        mux(s.column, winograd_output(of_rows, products));
    products.clear();
    for (int n = 0; n < of_columns.points(); n++) {
        products.push_back(
            s.column_result(s.lane, s.ow % m, s.ow / m, s.oh / m_oh, s.oc, s.group, s.image, n));
    }
    const Expr value =
        mux(s.oh % m_oh, winograd_output(of_columns, products)) + s.bias(s.lane, s.oc, s.group);
    finish_blocks(s, kernel, value, s.oc_vectors, p.g);
    return s;
}

std::vector<Argument> WinogradConv2dStages::arguments() const {
    std::vector<Argument> list = {input, weights, bias};
    if (has_residual) list.push_back(residual);
    return list;
}

}  // namespace convoy
