#include "generators/pack.h"

#include "generators/conv2d.h"
#include "generators/grouped_conv2d.h"
#include "generators/strassen_transform.h"
#include "generators/winograd_transform.h"

namespace convoy {

namespace {

using Matrix = std::vector<std::vector<double>>;

std::vector<double> joined(const Matrix &matrix) {
    std::vector<double> values;
    for (const auto &row : matrix) values.insert(values.end(), row.begin(), row.end());
    return values;
}

Matrix identity(int size) {
    Matrix matrix(size, std::vector<double>(size, 0.0));
    for (int i = 0; i < size; i++) matrix[i][i] = 1;
    return matrix;
}

}  // namespace

PackingOrder::PackingOrder(const Conv2dKernel &kernel, const Packing &packing) {
    const ConvProblem &p = kernel.problem;
    const Layout &in = kernel.input.layout, &out = kernel.output.layout;
    const bool is_rows_only = packing.form == Packing::Form::winograd_rows;
    const int oc = p.oc_per_group(), taps = p.kh * (is_rows_only ? packing.m + 2 : p.kw);
    int ic = p.ic_per_group();
    order_.channels = ic;
    order_.taps = taps;
    if (packing.form == Packing::Form::group_lanes || is_rows_only) {
        // (lane, oc of a tile, taps, ic of the group, oc tile of the group, lane group)
        const int lanes = in.block, lane_groups = (p.g + lanes - 1) / lanes;
        for (int at = 0; at < lane_groups * oc * lanes; at++) {
            const int group = at / (oc * lanes) * lanes + at % lanes;
            output_channel_.push_back(group < p.g ? group * oc + at / lanes % oc : -1);
        }
        for (int c = 0; c < ic; c++) input_channel_.push_back(c);
        order_.run = weight_tile(p, packing.vector) * lanes;
        order_.tap_stride = order_.run;
        order_.ic_stride = taps * order_.run;
    } else if (packing.form == Packing::Form::gspc) {
        // (oc of a tile, ic of a tile, taps, ic tile of the group, oc tile)
        for (int at = 0; at < p.oc; at++) output_channel_.push_back(at);
        for (int c = 0; c < ic; c++) input_channel_.push_back(c);
        order_.run = packing.vector;
        order_.ic_stride = packing.vector;
        order_.tap_stride = packing.tile_ic * packing.vector;
        order_.ic_run = packing.tile_ic;
        order_.ic_run_stride = taps * order_.tap_stride;
    } else {
        // (lane, ic of the group, taps, vector)
        const int vector = packing.vector;
        const Conv2dExtents extents = conv2d_extents(kernel, vector);
        ic = extents.ic;
        for (int at = 0; at < p.g * extents.oc_vectors * vector; at++)
            output_channel_.push_back(channel_at(out, p.oc, at));
        // Of one group, relative to its first; equal for all groups.
        for (int c = 0; c < ic; c++) input_channel_.push_back(channel_at(in, p.ic, c));
        order_.run = vector;
        order_.ic_stride = vector;
        order_.tap_stride = ic * vector;
    }
    order_.ic = order_.phase_ic = ic;
    if (order_.ic_run == 0) order_.ic_run = ic;
    order_.run_stride = taps * ic * order_.run;
    order_.positions = (int)output_channel_.size();
    if (packing.form == Packing::Form::winograd || is_rows_only) {
        order_.stride = is_rows_only ? 1 : p.sw;
        order_.rows = p.kh, order_.columns = p.kw;
        order_.filter_taps = winograd_taps(p.kw, order_.stride);
        order_.row_taps = winograd_taps(p.kh, order_.stride);
        const WinogradTransform t = winograd_transform(packing.m, order_.filter_taps);
        order_.points = t.points();
        filter_ = joined(t.filter());
        row_filter_ =
            joined(is_rows_only ? identity(p.kh)
                                : winograd_transform(packing.m_oh, order_.row_taps).filter());
    }
    order_.block = order_.positions;
    order_.parts = 1;
    if (packing.form == Packing::Form::winograd) {
        // (lane, vector of a tile, ic of the group, phase, tile of a chunk, points, chunk)
        for (int at = ic; at < ic * p.sh * p.sw; at++)
            input_channel_.push_back(input_channel_[at % ic]);
        ic *= p.sh * p.sw;
        order_.ic = order_.ic_run = ic;
        order_.taps = order_.points * (int)row_filter_.size() / order_.row_taps;
        order_.run *= product_weight_tile(packing.tile_oc, packing.chunk_oc);
        order_.ic_stride = order_.run;
        order_.run_stride = ic * order_.run;
        order_.block = packing.chunk_oc * packing.vector;
        order_.tap_stride = ic * order_.block;
        order_.block_stride = order_.taps * order_.tap_stride;
    } else if (packing.form == Packing::Form::strassen) {
        // (lane, vector of a tile, ic of a part, tile of a chunk, product, chunk)
        filter_ = joined(strassen_left(packing.m));
        order_.points = strassen_products(packing.m);
        order_.parts = strassen_parts(packing.m);
        order_.filter_taps = order_.parts * order_.parts;
        order_.rows = order_.columns = order_.stride = 1;
        order_.oc_lanes = packing.vector;
        order_.ic_lanes = in.block;
        order_.ic = order_.ic_run = order_.phase_ic = ic / order_.parts;
        order_.taps = order_.points;
        order_.run *= product_weight_tile(packing.tile_oc, packing.chunk_oc);
        order_.ic_stride = order_.run;
        order_.run_stride = order_.ic * order_.run;
        order_.block = packing.chunk_oc * packing.vector;
        order_.tap_stride = order_.ic * order_.block;
        order_.block_stride = order_.taps * order_.tap_stride;
    }
}

convoy_packing PackingOrder::view() const {
    convoy_packing view = order_;
    view.output_channel = output_channel_.data();
    view.input_channel = input_channel_.data();
    view.filter = filter_.empty() ? nullptr : filter_.data();
    view.row_filter = row_filter_.empty() ? nullptr : row_filter_.data();
    return view;
}

std::vector<float> PackingOrder::weights(const float *dense) const {
    const convoy_packing order = view();
    std::vector<float> packed((size_t)weight_floats());
    convoy_pack_weights(&order, dense, packed.data());
    return packed;
}

std::vector<float> PackingOrder::bias(const float *dense) const {
    const convoy_packing order = view();
    std::vector<float> packed((size_t)bias_floats());
    convoy_pack_bias(&order, dense, packed.data());
    return packed;
}

PackedConv2d pack_conv2d(const Conv2dKernel &kernel, const Packing &packing, const float *weights,
                         const float *bias) {
    const PackingOrder order(kernel, packing);
    return {order.weights(weights), order.bias(bias)};
}

std::vector<float> pack_channels(const View &view, const float *values) {
    std::vector<float> packed(view.padded_channels(), 0.0f);
    for (int position = 0; position < view.padded_channels(); position++) {
        const int channel = channel_at(view.layout, view.c, position);
        if (channel >= 0) packed[position] = values[channel];
    }
    return packed;
}

namespace {

// Calls visit(index in the view's memory, index in dense nchw) for every element.
template<typename Visit>
void for_each_element(const View &view, Visit visit) {
    size_t dense = 0;
    for (int image = 0; image < view.mb; image++) {
        for (int c = 0; c < view.c; c++) {
            const int position = position_of(view.layout, view.c, c), block = view.layout.block;
            const int64_t plane = view.origin() + image * view.image_stride() +
                                  position / block * view.plane_stride() + position % block;
            for (int y = 0; y < view.h; y++) {
                for (int x = 0; x < view.w; x++)
                    visit(size_t(plane + int64_t{y} * view.row_stride() + x * block), dense++);
            }
        }
    }
}

}  // namespace

std::vector<float> pack_activation(const View &view, const float *nchw) {
    std::vector<float> memory(view.floats(), 0.0f);
    for_each_element(view, [&](size_t at, size_t dense) { memory[at] = nchw[dense]; });
    return memory;
}

std::vector<float> unpack_activation(const View &view, const float *memory) {
    std::vector<float> nchw((size_t)view.mb * view.c * view.h * view.w);
    for_each_element(view, [&](size_t at, size_t dense) { nchw[dense] = memory[at]; });
    return nchw;
}

}  // namespace convoy
