#include "generators/pack_fused.h"

namespace convoy {

namespace {

void append(std::vector<float> &to, const std::vector<float> &from) {
    to.insert(to.end(), from.begin(), from.end());
}

}  // namespace

PackedConv2d pack_separable_conv2d(const SeparableConv2dKernel &kernel, int vector,
                                   const float *weights, const float *bias) {
    const ConvProblem &p = kernel.depthwise;
    const int lanes = kernel.input.layout.block, taps = p.kh * p.kw;
    const int positions = (p.ic + lanes - 1) / lanes * lanes;
    PackedConv2d packed;
    packed.weights.assign((size_t)positions * taps, 0.0f);
    packed.bias.assign(positions, 0.0f);
    for (int position = 0; position < positions; position++) {
        const int c = channel_at(kernel.input.layout, p.ic, position);
        if (c < 0) continue;
        packed.bias[position] = bias[c];
        for (int tap = 0; tap < taps; tap++) {
            const size_t at = (size_t)(position / lanes) * taps + tap;
            packed.weights[at * lanes + position % lanes] = weights[(size_t)c * taps + tap];
        }
    }
    const Conv2dKernel pointwise{kernel.pointwise(), kernel.input, kernel.output, {}, {}};
    const PackedConv2d behind = pack_conv2d(pointwise, {Packing::Form::oc_vectors, vector},
                                            weights + p.weight_count(), bias + p.oc);
    append(packed.weights, behind.weights);
    append(packed.bias, behind.bias);
    return packed;
}

PackedConv2d pack_two_level_conv2d(const TwoLevelConv2dKernel &kernel, int vector,
                                   const float *weights, const float *bias) {
    const ConvProblem &p = kernel.problem;
    const int lanes = kernel.input.layout.block, ic = p.ic_per_group(), taps = p.kh * p.kw;
    const float *representatives = weights + p.weight_count();
    const float *spread = representatives + (size_t)p.ic * taps;
    PackedConv2d packed;
    packed.weights.resize((size_t)p.ic * taps);
    for (int c = 0; c < p.ic; c++) {
        const int block = c % ic / lanes + c / ic * (ic / lanes);
        for (int tap = 0; tap < taps; tap++) {
            packed.weights[((size_t)block * taps + tap) * lanes + c % ic % lanes] =
                representatives[(size_t)c * taps + tap];
        }
    }
    const Packing packing{Packing::Form::oc_vectors, vector};
    ConvProblem pointwise;
    pointwise.ic = p.g, pointwise.oc = p.oc;
    append(packed.weights,
           pack_conv2d({pointwise, {}, kernel.output, {}, {}}, packing, spread, bias).weights);
    const PackedConv2d grouped =
        pack_conv2d({p, kernel.input, kernel.output, {}, {}}, packing, weights, bias);
    append(packed.weights, grouped.weights);
    packed.bias = grouped.bias;
    return packed;
}

}  // namespace convoy
