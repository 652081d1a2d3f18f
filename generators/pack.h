#pragma once

#include <algorithm>
#include <vector>

#include "generators/kernel.h"
#include "runtime_glue/driver/pack.h"

// Packing of constants, into the orders that the generators' headers document. Channel permutations
// of the layouts are folded in here, so that they cost nothing at run time.

namespace convoy {

struct PackedConv2d {
    std::vector<float> weights, bias;
};

// How a convolution's weights lie: for conv2d with `vector` output channels a vector, for
// grouped_conv2d with register tiles of `vector` channels, for winograd_conv2d with tiles of m_oh x
// m and register tiles of tile_oc vectors in chunks of chunk_oc, transformed, for
// winograd_rows_conv2d likewise, for strassen_conv2d of m levels, summed, with tiles and chunks as
// Winograd's, or for gspc_conv2d with tiles of tile_ic and `vector` channels.
struct Packing {
    enum class Form { oc_vectors, group_lanes, winograd, winograd_rows, strassen, gspc };
    Form form = Form::oc_vectors;
    int vector = 1;
    int m = 0;
    int tile_ic = 1;
    int tile_oc = 1, chunk_oc = 1;  // vectors
    int m_oh = 0;

    // Rounding grows with it; 0 is exact.
    int size() const { return std::max(m, m_oh); }
};

// Where each element of a convolution's weights and bias goes: what runtime_glue/driver/pack.h
// works by, with the tables that it points to.
class PackingOrder {
public:
    PackingOrder(const Conv2dKernel &kernel, const Packing &packing);

    // weights: (oc, ic/g, kh, kw); bias: (oc)
    std::vector<float> weights(const float *dense) const;
    std::vector<float> bias(const float *dense) const;
    // Valid as long as this object.
    convoy_packing view() const;
    int64_t weight_floats() const {
        return int64_t{order_.positions / order_.parts} * order_.ic * order_.taps;
    }
    int64_t bias_floats() const { return order_.positions; }

private:
    std::vector<int> output_channel_, input_channel_;
    std::vector<double> filter_, row_filter_;
    convoy_packing order_{};
};

// Both at once.
PackedConv2d pack_conv2d(const Conv2dKernel &kernel, const Packing &packing, const float *weights,
                         const float *bias);

// One value a channel in the order of the view's positions, zero for padding.
std::vector<float> pack_channels(const View &view, const float *values);

// Activations: dense nchw to and from a view's memory (view.floats() floats, halo and padding
// zeroed).
std::vector<float> pack_activation(const View &view, const float *nchw);
std::vector<float> unpack_activation(const View &view, const float *memory);

}  // namespace convoy
