#include "generators/stages.h"

#include <cmath>

#include "generators/math.h"

namespace convoy {

using namespace Halide;

void constrain_plane(OutputImageParam param, const View &view, const Halo &halo, int first) {
    const int block = view.layout.block;
    param.dim(0).set_bounds(0, block).set_stride(1);
    param.dim(first).set_bounds(-halo.left, view.w + halo.left + halo.right).set_stride(block);
    param.dim(first + 1)
        .set_bounds(-halo.top, view.h + halo.top + halo.bottom)
        .set_stride(view.row_stride());
}

namespace {

// (lane, w, h, block, mb)
void constrain_view(OutputImageParam param, const View &view, const Halo &halo) {
    constrain_plane(param, view, halo);
    param.dim(3).set_bounds(0, view.blocks).set_stride((int)view.plane_stride());
    param.dim(4).set_bounds(0, view.mb).set_stride((int)view.image_stride());
}

}  // namespace

ImageParam view_param(const View &view, const char *name) {
    ImageParam param(Float(32), 5, name);
    constrain_view(param, view, view.halo);
    return param;
}

ImageParam channel_param(const View &view, const char *name) {
    ImageParam param(Float(32), 2, name);
    param.dim(0).set_bounds(0, view.layout.block).set_stride(1);
    param.dim(1).set_bounds(0, view.blocks).set_stride(view.layout.block);
    return param;
}

void constrain_output(Func &output, const View &view) {
    constrain_view(output.output_buffer(), view, Halo{});
}

namespace {

// The lanes and, from dimension `first` on, the others, whose blocks are split into (block, group).
void constrain_split(OutputImageParam param, int first, const View &view, int blocks, int groups,
                     const Halo &halo, int64_t block_stride) {
    constrain_plane(param, view, halo, first);
    param.dim(first + 2).set_bounds(0, blocks).set_stride((int)block_stride);
    param.dim(first + 3).set_bounds(0, groups).set_stride((int)(block_stride * blocks));
    param.dim(first + 4).set_bounds(0, view.mb).set_stride((int)view.image_stride());
}

}  // namespace

void constrain_groups(OutputImageParam param, const View &view, int blocks_per_group, int groups,
                      const Halo &halo) {
    constrain_split(param, 1, view, blocks_per_group, groups, halo, view.plane_stride());
}

void constrain_vectors(OutputImageParam param, const View &view, int vector, int vectors_per_group,
                       int groups) {
    const int block = view.layout.block;
    param.dim(1).set_bounds(0, vector / block).set_stride((int)view.plane_stride());
    constrain_split(param, 2, view, vectors_per_group, groups, Halo{},
                    view.plane_stride() * (vector / block));
}

ImageParam groups_param(const View &view, int blocks_per_group, int groups) {
    ImageParam input(Float(32), 6, "input");
    constrain_groups(input, view, blocks_per_group, groups, view.halo);
    return input;
}

ImageParam dense_param(const std::vector<int> &extents, const char *name) {
    ImageParam param(Float(32), (int)extents.size(), name);
    int stride = 1;
    for (size_t d = 0; d < extents.size(); d++) {
        param.dim((int)d).set_bounds(0, extents[d]).set_stride(stride);
        stride *= extents[d];
    }
    return param;
}

Expr dense_index(const std::vector<Expr> &indices, const std::vector<int> &extents) {
    Expr at = indices.back();
    for (size_t d = extents.size(); d-- > 0;) at = at * extents[d] + indices[d];
    return at;
}

namespace {

// x ^ exponent: products where few will do.
Expr power(const Expr &x, float exponent) {
    const float magnitude = std::fabs(exponent);
    if (exponent == 0.5f) return sqrt(x);
    if (magnitude != std::floor(magnitude) || magnitude > 64)
        return vector_exp(exponent * vector_log(x));
    Expr result = 1.0f, square = x;
    for (int n = int(magnitude); n > 0; n /= 2) {
        if (n % 2 == 1) result *= square;
        square *= square;
    }
    return exponent < 0 ? 1.0f / result : result;
}

// log(1 + exp(x)) without overflow.
Expr softplus(const Expr &x) {
    return max(x, 0.0f) + vector_log1p_01(vector_exp(-abs(x)));
}

// x * tanh(log(1 + exp(x))), the tanh in powers of e = exp(x). Where e would overflow it is 1.
Expr mish(const Expr &x) {
    const Expr e = vector_exp(min(x, 20.0f)), n = e * (e + 2.0f);
    return x * n / (n + 2.0f);
}

Expr apply(const Expr &x, const Activation &activation) {
    using Kind = Activation::Kind;
    const float alpha = activation.alpha, beta = activation.beta;
    switch (activation.kind) {
        case Kind::none:
            return x;
        case Kind::relu:
            return max(x, 0.0f);
        case Kind::clip:
            return min(max(x, alpha), beta);
        case Kind::leaky_relu:
            return select(x < 0.0f, alpha * x, x);
        case Kind::elu: {
            // exp(x) - 1 = tanh(x / 2) * (exp(x) + 1) keeps its digits near 0.
            const Expr y = min(x, 0.0f);
            return select(x < 0.0f, alpha * vector_tanh(y * 0.5f) * (vector_exp(y) + 1.0f), x);
        }
        case Kind::hard_sigmoid:
            return clamp(alpha * x + beta, 0.0f, 1.0f);
        case Kind::hard_swish:
            return x * clamp(x * (1.0f / 6) + 0.5f, 0.0f, 1.0f);
        case Kind::sigmoid:
            return vector_sigmoid(x);
        case Kind::silu:
            return x * vector_sigmoid(x);
        case Kind::tanh:
            return vector_tanh(x);
        case Kind::gelu:
            return 0.5f * x * (1.0f + vector_erf(x * 0.70710678118654752f));
        case Kind::gelu_tanh:  // (1 + tanh(y)) / 2 = sigmoid(2 * y)
            return x * vector_sigmoid(1.5957691216057308f * x * (1.0f + 0.044715f * x * x));
        case Kind::softplus:
            return softplus(x);
        case Kind::mish:
            return mish(x);
        case Kind::softsign:
            return x / (1.0f + abs(x));
        case Kind::erf:
            return vector_erf(x);
        case Kind::exp:
            return vector_exp(x);
        case Kind::log:
            return vector_log(x);
        case Kind::sqrt:
            return sqrt(x);
        case Kind::reciprocal:
            return 1.0f / x;
        case Kind::pow:
            return power(x, alpha);
        case Kind::abs:
            return abs(x);
        case Kind::neg:
            return -x;
        case Kind::sign:
            return select(x<0.0f, -1.0f, x> 0.0f, 1.0f, 0.0f);
        case Kind::floor:
            return floor(x);
        case Kind::ceil:
            return ceil(x);
        case Kind::round:
            return round(x);
    }
    return x;
}

}  // namespace

Expr combined(Expr a, Expr b, Combine combine) {
    switch (combine) {
        case Combine::add:
            return a + b;
        case Combine::sub:
            return a - b;
        case Combine::mul:
            return a * b;
        case Combine::div:
            return a / b;
        case Combine::min:
            return min(a, b);
        case Combine::max:
            return max(a, b);
        case Combine::pow: {
            // A negative base has a power where the exponent is whole, negative where it is odd.
            const Expr magnitude = vector_exp(b * vector_log(abs(a)));
            const Expr is_odd = abs(b * 0.5f - floor(b * 0.5f)) == 0.5f;
            return select(b == 0.0f, 1.0f, a == 0.0f, select(b > 0.0f, 0.0f, 1.0f / abs(a)),
                          a < 0.0f && is_odd, -magnitude, magnitude);
        }
        case Combine::prelu:
            return select(a < 0.0f, a * b, a);
    }
    return a;
}

Expr activate(Expr x, const Activation &activation) {
    // Many of them read x several times.
    return Internal::common_subexpression_elimination(apply(x, activation));
}

}  // namespace convoy
