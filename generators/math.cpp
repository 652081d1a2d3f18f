#include "generators/math.h"

#include <limits>

namespace convoy {

using namespace Halide;

namespace {

// Horner, highest power first.
Expr polynomial(const Expr &x, std::initializer_list<float> coefficients) {
    Expr sum;
    for (float c : coefficients) sum = sum.defined() ? sum * x + c : Expr(c);
    return sum;
}

// Without it the uses of a value inside of one another would multiply.
Expr shared(const Expr &x) {
    return Internal::common_subexpression_elimination(x);
}

// ln(2) = high + low, high of few bits so that its products with exponents are exact.
constexpr float ln2_high = 0.693359375f, ln2_low = -2.12194440e-4f;

// log(1 + f) + k * ln(2) for f in [sqrt(1/2) - 1, sqrt(2) - 1]: Cephes, single/logf.c.
Expr log_of(const Expr &f, const Expr &k) {
    const Expr z = f * f;
    const Expr p = polynomial(f, {7.0376836292e-2f, -1.1514610310e-1f, 1.1676998740e-1f,
                                  -1.2420140846e-1f, 1.4249322787e-1f, -1.6668057665e-1f,
                                  2.0000714765e-1f, -2.4999993993e-1f, 3.3333331174e-1f});
    return strict_float(f + (f * z * p + k * ln2_low - 0.5f * z) + k * ln2_high);
}

}  // namespace

Expr vector_exp(Expr x) {
    // 2^k * exp(r), r in [-ln(2)/2, ln(2)/2], where a polynomial of least relative error is off by
    // 3e-9. Beside 1.5 * 2^23 floats have no fractions: adding it rounds, and leaves k in the last
    // bits.
    x = clamp(x, -87.0f, 88.0f);
    constexpr float no_fractions = 12582912.0f;
    const Expr shifted = strict_float(x * 1.44269504088896341f + no_fractions);
    const Expr k = strict_float(shifted - no_fractions);
    const Expr r = strict_float((x - k * ln2_high) - k * ln2_low);
    const Expr p = polynomial(
        r, {1.3814584e-3f, 8.368724e-3f, 4.166839e-2f, 1.6666521e-1f, 4.9999994e-1f, 1.0f, 1.0f});
    const Expr power =
        reinterpret<float>((reinterpret<uint32_t>(shifted) << 23) + Expr(127u << 23));
    return shared(p * power);
}

Expr vector_log(Expr x) {
    const Expr bits = reinterpret<int>(x);
    // The mantissa in [sqrt(1/2), sqrt(2)): counted from sqrt(1/2)'s bits.
    const Expr k = (bits - 0x3f3504f3) >> 23;
    const Expr f = reinterpret<float>(bits - (k << 23)) - 1.0f;
    const float infinity = std::numeric_limits<float>::infinity();
    const float nan = std::numeric_limits<float>::quiet_NaN();
    return shared(select(x > 0.0f, log_of(f, cast<float>(k)), x < 0.0f, nan, -infinity));
}

Expr vector_log1p_01(Expr x) {
    const Expr is_large = x > 0.41421356f;
    const Expr f = select(is_large, x * 0.5f - 0.5f, x);
    return shared(log_of(f, select(is_large, 1.0f, 0.0f)));
}

Expr vector_tanh(Expr x) {
    // The rational function of Eigen's ptanh_float (MathFunctionsImpl.h) and of ONNX Runtime's
    // MLAS.
    x = clamp(x, -7.90531110763549805f, 7.90531110763549805f);
    const Expr z = x * x;
    const Expr p =
        polynomial(z, {-2.76076847742355e-16f, 2.00018790482477e-13f, -8.60467152213735e-11f,
                       5.12229709037114e-08f, 1.48572235717979e-05f, 6.37261928875436e-04f,
                       4.89352455891786e-03f});
    const Expr q = polynomial(z, {1.19825839466702e-06f, 1.18534705686654e-04f,
                                  2.26843463243900e-03f, 4.89352518554385e-03f});
    return shared(x * p / q);
}

Expr vector_erf(Expr x) {
    // The rational function of Eigen's generic_fast_erf_float (SpecialFunctionsImpl.h).
    x = clamp(x, -4.0f, 4.0f);
    const Expr z = x * x;
    const Expr p =
        polynomial(z, {-2.72614225801306e-10f, 2.77068142495902e-08f, -2.10102402082508e-06f,
                       -5.69250639462346e-05f, -7.34990630326855e-04f, -2.95459980854025e-03f,
                       -1.60960333262415e-02f});
    const Expr q =
        polynomial(z, {-1.45660718464996e-05f, -2.13374055278905e-04f, -1.68282697438203e-03f,
                       -7.37332916720468e-03f, -1.42647390514189e-02f});
    return shared(clamp(x * p / q, -1.0f, 1.0f));
}

Expr vector_sigmoid(Expr x) {
    return 1.0f / (1.0f + vector_exp(-x));
}

}  // namespace convoy
