#include "generators/pack.h"

#include "generators/winograd_transform.h"

namespace convoy {

namespace {

PackedConv2d pack_for_conv2d(const Conv2dKernel &kernel, int vector, const float *weights,
                             const float *bias) {
    const ConvProblem &p = kernel.problem;
    const int ic = p.ic_per_group(), taps = p.kh * p.kw;
    const int oc_vectors = p.g == 1 ? (p.oc + vector - 1) / vector : p.oc_per_group() / vector;
    const Layout &in = kernel.input.layout, &out = kernel.output.layout;
    PackedConv2d packed;
    packed.weights.assign((size_t)p.g * oc_vectors * taps * ic * vector, 0.0f);
    packed.bias.assign((size_t)p.g * oc_vectors * vector, 0.0f);

    std::vector<int> channel_of_position(
        ic);  // of one group, relative to its first; equal for all groups
    for (int c = 0; c < ic; c++) channel_of_position[c] = channel_at(in, p.ic, c);
    for (int position = 0; position < p.g * oc_vectors * vector; position++) {
        const int oc = channel_at(out, p.oc, position);
        if (oc < 0) continue;
        packed.bias[position] = bias[oc];
        const float *from = weights + (size_t)oc * ic * taps;
        float *to = packed.weights.data() + (size_t)(position / vector) * taps * ic * vector +
                    position % vector;
        for (int tap = 0; tap < taps; tap++) {
            for (int c = 0; c < ic; c++) {
                to[((size_t)tap * ic + c) * vector] =
                    from[(size_t)channel_of_position[c] * taps + tap];
            }
        }
    }
    return packed;
}

// U = G g G^T of every filter, at (m + 2)^2 points.
PackedConv2d pack_for_winograd_conv2d(const Conv2dKernel &kernel, int vector, int m,
                                      const float *weights, const float *bias) {
    PackedConv2d packed = pack_for_conv2d(kernel, vector, weights, bias);
    const ConvProblem &p = kernel.problem;
    const int ic = p.ic_per_group(), points = m + 2;
    const size_t vectors = packed.bias.size() / vector;  // of all groups
    const auto filter = winograd_transform(m).filter();
    std::vector<float> transformed(vectors * ic * vector * points * points);
    for (size_t v = 0; v < vectors; v++) {
        for (int c = 0; c < ic * vector; c++) {
            const auto tap = [&](int y, int x) {
                return packed.weights[(v * 9 + y * 3 + x) * ic * vector + c];
            };
            for (int i = 0; i < points; i++) {
                for (int j = 0; j < points; j++) {
                    double sum = 0;
                    for (int y = 0; y < 3; y++) {
                        for (int x = 0; x < 3; x++) sum += filter[i][y] * filter[j][x] * tap(y, x);
                    }
                    transformed[((size_t(i) * points + j) * vectors + v) * ic * vector + c] =
                        (float)sum;
                }
            }
        }
    }
    packed.weights = std::move(transformed);
    return packed;
}

PackedConv2d pack_for_grouped_conv2d(const Conv2dKernel &kernel, const float *weights,
                                     const float *bias) {
    const ConvProblem &p = kernel.problem;
    const int ic = p.ic_per_group(), oc = p.oc_per_group(), taps = p.kh * p.kw;
    const int lanes = kernel.input.layout.block, lane_groups = (p.g + lanes - 1) / lanes;
    PackedConv2d packed;
    packed.weights.assign((size_t)lane_groups * ic * taps * oc * lanes, 0.0f);
    packed.bias.assign((size_t)lane_groups * oc * lanes, 0.0f);

    for (int group = 0; group < p.g; group++) {
        const int lane = group % lanes, lane_group = group / lanes;
        for (int o = 0; o < oc; o++) {
            packed.bias[((size_t)lane_group * oc + o) * lanes + lane] = bias[group * oc + o];
            for (int c = 0; c < ic; c++) {
                const float *from = weights + ((size_t)(group * oc + o) * ic + c) * taps;
                for (int tap = 0; tap < taps; tap++) {
                    const size_t at = (((size_t)lane_group * ic + c) * taps + tap) * oc + o;
                    packed.weights[at * lanes + lane] = from[tap];
                }
            }
        }
    }
    return packed;
}

}  // namespace

PackedConv2d pack_conv2d(const Conv2dKernel &kernel, const Packing &packing, const float *weights,
                         const float *bias) {
    switch (packing.form) {
        case Packing::Form::oc_vectors:
            return pack_for_conv2d(kernel, packing.vector, weights, bias);
        case Packing::Form::group_lanes:
            return pack_for_grouped_conv2d(kernel, weights, bias);
        case Packing::Form::winograd:
            return pack_for_winograd_conv2d(kernel, packing.vector, packing.m, weights, bias);
    }
    return {};
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
