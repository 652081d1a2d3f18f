#include "generators/activation.h"

#include <charconv>
#include <cmath>
#include <numbers>
#include <stdexcept>

namespace convoy {

namespace {

using Kind = Activation::Kind;

struct Spelling {
    Kind kind;
    const char *name;
    int parameters = 0;
};

constexpr Spelling spellings[] = {
    {Kind::none, "none"},
    {Kind::relu, "relu"},
    {Kind::clip, "clip", 2},
    {Kind::leaky_relu, "leakyrelu", 1},
    {Kind::elu, "elu", 1},
    {Kind::hard_sigmoid, "hardsigmoid", 2},
    {Kind::hard_swish, "hardswish"},
    {Kind::sigmoid, "sigmoid"},
    {Kind::silu, "silu"},
    {Kind::tanh, "tanh"},
    {Kind::gelu, "gelu"},
    {Kind::gelu_tanh, "gelutanh"},
    {Kind::softplus, "softplus"},
    {Kind::mish, "mish"},
    {Kind::softsign, "softsign"},
    {Kind::erf, "erf"},
    {Kind::exp, "exp"},
    {Kind::log, "log"},
    {Kind::sqrt, "sqrt"},
    {Kind::reciprocal, "reciprocal"},
    {Kind::pow, "pow", 1},
    {Kind::abs, "abs"},
    {Kind::neg, "neg"},
    {Kind::sign, "sign"},
    {Kind::floor, "floor"},
    {Kind::ceil, "ceil"},
    {Kind::round, "round"},
};

}  // namespace

std::string exact_text(float value) {
    char text[32];
    return {text, std::to_chars(text, text + sizeof text, value).ptr};
}

std::string to_string(const Activation &activation) {
    for (const Spelling &known : spellings) {
        if (known.kind != activation.kind) continue;
        std::string text = known.name;
        if (known.parameters > 0) text += "(" + exact_text(activation.alpha);
        if (known.parameters > 1) text += "," + exact_text(activation.beta);
        return known.parameters > 0 ? text + ")" : text;
    }
    throw std::logic_error("an activation without a name");
}

Activation parse_activation(const std::string &text) {
    const auto fail = [&](const std::string &expected) {
        throw std::invalid_argument("activation '" + text + "': expected " + expected);
    };
    const std::string name = text.substr(0, text.find('('));
    const Spelling *found = nullptr;
    std::string names;
    for (const Spelling &known : spellings) {
        if (name == known.name) found = &known;
        names += (names.empty() ? "" : ", ") + std::string(known.name);
    }
    if (!found) fail("one of " + names);
    Activation activation{found->kind};
    const char *at = text.data() + name.size(), *const end = text.data() + text.size();
    float *const parameters[] = {&activation.alpha, &activation.beta};
    for (int i = 0; i < found->parameters; i++) {
        const auto [next, error] = at == end || *at != "(,"[i]
                                       ? std::from_chars_result{at, std::errc::invalid_argument}
                                       : std::from_chars(at + 1, end, *parameters[i]);
        at = error == std::errc() && std::isfinite(*parameters[i]) ? next : nullptr;
        if (!at) break;
    }
    const bool is_closed = at && found->parameters > 0 && at != end && *at == ')';
    if (!at || at + is_closed != end || is_closed != (found->parameters > 0)) {
        const char *const forms[] = {"", "(NUMBER)", "(NUMBER,NUMBER)"};
        fail(name + forms[found->parameters]);
    }
    return activation;
}

bool is_finite_at_zero(const Activation &activation) {
    return std::isfinite(activated(0, activation));
}

double activated(double x, const Activation &activation) {
    const double alpha = activation.alpha, beta = activation.beta;
    // Comparisons of this form let NaN through.
    const auto clipped = [](double y, double low, double high) {
        return y < low ? low : y > high ? high : y;
    };
    const auto sigmoid = [](double y) { return 1 / (1 + std::exp(-y)); };
    const auto softplus = [](double y) {
        return std::fmax(y, 0) + std::log1p(std::exp(-std::fabs(y)));
    };
    switch (activation.kind) {
        case Kind::none:
            return x;
        case Kind::relu:
            return x < 0 ? 0 : x;
        case Kind::clip:
            return clipped(x, alpha, beta);
        case Kind::leaky_relu:
            return x < 0 ? alpha * x : x;
        case Kind::elu:
            return x < 0 ? alpha * std::expm1(x) : x;
        case Kind::hard_sigmoid:
            return clipped(alpha * x + beta, 0, 1);
        case Kind::hard_swish:
            return x * clipped(x / 6 + 0.5, 0, 1);
        case Kind::sigmoid:
            return sigmoid(x);
        case Kind::silu:
            return x * sigmoid(x);
        case Kind::tanh:
            return std::tanh(x);
        case Kind::gelu:
            return x * std::erfc(-x / std::numbers::sqrt2) / 2;
        case Kind::gelu_tanh:
            return x * sigmoid(2 * std::sqrt(2 / std::numbers::pi) * (x + 0.044715 * x * x * x));
        case Kind::softplus:
            return softplus(x);
        case Kind::mish:
            return x * std::tanh(softplus(x));
        case Kind::softsign:
            return x / (1 + std::fabs(x));
        case Kind::erf:
            return std::erf(x);
        case Kind::exp:
            return std::exp(x);
        case Kind::log:
            return std::log(x);
        case Kind::sqrt:
            return std::sqrt(x);
        case Kind::reciprocal:
            return 1 / x;
        case Kind::pow:
            return std::pow(x, alpha);
        case Kind::abs:
            return std::fabs(x);
        case Kind::neg:
            return -x;
        case Kind::sign:
            return x < 0 ? -1 : x > 0 ? 1 : x;
        case Kind::floor:
            return std::floor(x);
        case Kind::ceil:
            return std::ceil(x);
        case Kind::round:
            return std::nearbyint(x);
    }
    return x;
}

}  // namespace convoy
