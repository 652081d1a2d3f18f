#pragma once

#include <cstddef>
#include <vector>

#include "generators/kernel.h"

// The plain loops that kernels are compared with, on dense nchw data.

namespace convoy {

struct Tensor {
    int mb = 1, c = 1, h = 1, w = 1;
    std::vector<float> values;  // (mb, c, h, w), w innermost

    Tensor() = default;
    Tensor(int mb_, int c_, int h_, int w_)
        : mb(mb_), c(c_), h(h_), w(w_), values(size_t(mb_) * c_ * h_ * w_) {}
    float &at(int image, int channel, int y, int x) {
        return values[((size_t(image) * c + channel) * h + y) * w + x];
    }
    float at(int image, int channel, int y, int x) const {
        return const_cast<Tensor *>(this)->at(image, channel, y, x);
    }
    // The element at coordinates of a larger tensor that this one is broadcast over.
    float broadcast_at(int image, int channel, int y, int x) const {
        return at(mb == 1 ? 0 : image, c == 1 ? 0 : channel, h == 1 ? 0 : y, w == 1 ? 0 : x);
    }
};

// What a kernel reads. Weights are (oc, ic/g, kh, kw), a fused convolution's those of its parts in
// the order of pack_fused.h; weights and bias are an elementwise kernel's or a normalisation's
// scale and shift, or a resampling's weights and indices; the addend is any second input.
struct Operands {
    Tensor input, addend;
    std::vector<float> weights, bias;
};

// Every operand that the kernel has, of small integers: sums and products of them are exact.
Operands integer_operands(const Kernel &kernel);

// A reorder's result has the copied channels only.
Tensor reference_result(const Kernel &kernel, const Operands &operands);

}  // namespace convoy
