#pragma once

#include <string>

namespace convoy {

// What is applied last to an output element x: a function of x alone. `alpha` and `beta` are the
// parameters of the kinds that have some, 0 for the others.
struct Activation {
    enum class Kind {
        none,
        relu,          // max(x, 0)
        clip,          // min(max(x, alpha), beta)
        leaky_relu,    // x < 0 ? alpha * x : x
        elu,           // x < 0 ? alpha * (exp(x) - 1) : x
        hard_sigmoid,  // min(max(alpha * x + beta, 0), 1)
        hard_swish,    // x * min(max(x / 6 + 1/2, 0), 1)
        sigmoid,       // 1 / (1 + exp(-x))
        silu,          // x * sigmoid(x)
        tanh,
        gelu,       // x * (1 + erf(x / sqrt(2))) / 2
        gelu_tanh,  // x * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 * x^3))) / 2
        softplus,   // log(1 + exp(x))
        mish,       // x * tanh(softplus(x))
        softsign,   // x / (1 + |x|)
        erf,
        exp,
        log,
        sqrt,
        reciprocal,
        pow,  // x ^ alpha
        abs,
        neg,
        sign,
        floor,
        ceil,
        round,  // halves to even
    };
    Kind kind = Kind::none;
    float alpha = 0, beta = 0;

    static Activation relu() { return {Kind::relu}; }
    static Activation clip(float low, float high) { return {Kind::clip, low, high}; }
    bool operator==(const Activation &) const = default;
};

// The shortest text that reads back as the same float.
std::string exact_text(float value);

// "relu", "clip(0,6)", "leakyrelu(0.01)": different activations, different text; none is "none".
std::string to_string(const Activation &activation);

// The inverse of to_string. Throws std::invalid_argument naming what was found and what was
// expected.
Activation parse_activation(const std::string &text);

// In double precision.
double activated(double x, const Activation &activation);

// Whether zeros, which padding lanes may hold, stay finite.
bool is_finite_at_zero(const Activation &activation);

}  // namespace convoy
