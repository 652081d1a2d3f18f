#include "generators/strassen_conv2d.h"

#include "generators/conv2d.h"
#include "generators/conv_output.h"

namespace convoy {

using namespace Halide;

bool strassen_conv2d_accepts(const Conv2dKernel &kernel, int vector, int levels) {
    const ConvProblem &p = kernel.problem;
    const int in_block = kernel.input.layout.block, parts = strassen_parts(levels);
    if (p.kh != 1 || p.kw != 1 || p.ph != 0 || p.pw != 0 || (p.oh - 1) * p.sh >= p.ih ||
        (p.ow - 1) * p.sw >= p.iw || in_block == 1 || !conv2d_accepts(kernel, vector))
        return false;
    // What lies in padding would be added to channels.
    if (positions(kernel.input.layout, p.ic) != p.ic) return false;
    const auto [ic, ic_blocks, oc_vectors] = conv2d_extents(kernel, vector);
    return ic % (in_block * parts) == 0 && oc_vectors % parts == 0;
}

StrassenConv2dStages strassen_conv2d(const Conv2dKernel &kernel, int vector, int levels,
                                     int tile_oc, int chunk_oc) {
    const ConvProblem &p = kernel.problem;
    const auto [ic, ic_blocks, oc_vectors] = conv2d_extents(kernel, vector);
    const int in_block = kernel.input.layout.block, parts = strassen_parts(levels),
              products = strassen_products(levels), ic_each = ic / parts;
    const int tile = product_weight_tile(tile_oc, chunk_oc);

    StrassenConv2dStages s;
    s.columns = strassen_columns(levels), s.rows = strassen_rows(levels);
    s.columns_each = (p.ow + s.columns - 1) / s.columns;
    s.rows_each = (p.oh + s.rows - 1) / s.rows;
    s.oc_vectors = oc_vectors / parts;

    s.input = groups_param(kernel.input, ic_blocks, p.g);
    s.weights = dense_param(
        {vector, tile, ic_each, chunk_oc / tile, products, s.oc_vectors / chunk_oc, p.g},
        "weights");
    s.bias = dense_param({vector, oc_vectors, p.g}, "bias");

    // Parts beyond the last row or column repeat it; nothing of what they give is stored.
    const auto position = [](const Expr &at, int count, int part, int extent, int stride) {
        const Expr whole = at * count + part;
        return (extent % count == 0 ? whole : min(whole, extent - 1)) * stride;
    };
    std::vector<Expr> blocks;
    for (int number = 0; number < parts * parts; number++) {
        const auto [channels, pixels] = strassen_block(levels, number);
        blocks.push_back(s.input(s.lane, position(s.x, s.columns, pixels % s.columns, p.ow, p.sw),
                                 position(s.y, s.rows, pixels / s.columns, p.oh, p.sh),
                                 s.ic_block * parts + channels, s.group, s.image));
    }
    s.input_sums = Func("input_sums");
    s.input_sums(s.lane, s.x, s.y, s.ic_block, s.group, s.image, s.number) =
        mux(s.number, strassen_inputs(levels, blocks));

    RDom channels({{0, in_block}, {0, ic_each / in_block}}, "channels");
    s.ic_lane = channels[0], s.ic_blocks = channels[1];
    s.product = Func("product");
    s.product(s.lane, s.x, s.y, s.oc, s.group, s.image, s.number) = 0.0f;
    s.product(s.lane, s.x, s.y, s.oc, s.group, s.image, s.number) +=
        s.weights(s.lane, s.oc % tile, s.ic_blocks * in_block + s.ic_lane, s.oc % chunk_oc / tile,
                  s.number, s.oc / chunk_oc, s.group) *
        s.input_sums(s.ic_lane, s.x, s.y, s.ic_blocks, s.group, s.image, s.number);

    std::vector<Expr> sums;
    for (int n = 0; n < products; n++)
        sums.push_back(s.product(s.lane, s.x, s.y, s.oc, s.group, s.image, n));
    s.result = Func("result");
    s.result(s.lane, s.x, s.y, s.oc, s.group, s.image, s.number) =
        mux(s.number, strassen_outputs(levels, sums));

    // The number of the block that is the channels' part `row` of the pixels' part `column`.
    Expr number = 0;
    const Expr row = s.oc % parts, column = s.oh % s.rows * s.columns + s.ow % s.columns;
    for (int level = levels - 1; level >= 0; level--)
        number = number * 4 + (row >> level) % 2 * 2 + (column >> level) % 2;
    const Expr in_vector = s.sub * kernel.output.layout.block + s.lane;
    s.accumulator = Func("accumulator");
    s.accumulator(s.lane, s.sub, s.ow, s.oh, s.oc, s.group, s.image) =
        s.result(in_vector, s.ow / s.columns, s.oh / s.rows, s.oc / parts, s.group, s.image,
                 number) +
        s.bias(in_vector, s.oc, s.group);
    finish_vectors(s, kernel, p, vector, oc_vectors);
    return s;
}

std::vector<Argument> StrassenConv2dStages::arguments() const {
    std::vector<Argument> list = {input, weights, bias};
    if (has_residual) list.push_back(residual);
    return list;
}

}  // namespace convoy
