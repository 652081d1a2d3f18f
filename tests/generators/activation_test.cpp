#include "generators/activation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <stdexcept>

namespace convoy {
namespace {

using Kind = Activation::Kind;
using testing::HasSubstr;

TEST(ActivationText, RoundTrips) {
    for (const char *text : {"none", "relu", "clip(0,6)", "clip(-0.5,1e+10)", "leakyrelu(0.01)",
                             "elu(1)", "hardsigmoid(0.2,0.5)", "hardswish", "gelutanh"}) {
        EXPECT_EQ(to_string(parse_activation(text)), text);
    }
    for (int kind = 0; kind <= int(Kind::round); kind++) {
        const Activation activation{Kind(kind)};
        EXPECT_EQ(parse_activation(to_string(activation)), activation) << to_string(activation);
    }
    const Activation exact = Activation::clip(1e-8f, 6.0000005f);
    EXPECT_EQ(parse_activation(to_string(exact)), exact);
}

TEST(ActivationText, BadTextsAreNamed) {
    const std::pair<const char *, const char *> bad[] = {
        {"relu6", "activation 'relu6': expected one of none, relu, clip, "},
        {"", "expected one of none"},
        {"relu(1)", "expected relu"},
        {"relu)", "expected one of"},
        {"clip", "expected clip(NUMBER,NUMBER)"},
        {"clip(0)", "expected clip(NUMBER,NUMBER)"},
        {"clip(0,6", "expected clip(NUMBER,NUMBER)"},
        {"clip(0,6,7)", "expected clip(NUMBER,NUMBER)"},
        {"clip(0,6)x", "expected clip(NUMBER,NUMBER)"},
        {"clip(0,inf)", "expected clip(NUMBER,NUMBER)"},
        {"clip(a,6)", "expected clip(NUMBER,NUMBER)"},
        {"elu()", "expected elu(NUMBER)"},
        {"elu(1,2)", "expected elu(NUMBER)"},
    };
    for (const auto &[text, expected] : bad) {
        try {
            parse_activation(text);
            ADD_FAILURE() << "no error for '" << text << "'";
        } catch (const std::invalid_argument &error) {
            EXPECT_THAT(error.what(), HasSubstr(expected));
        }
    }
}

// Values computed by hand or with a table.
TEST(Activation, KnownValues) {
    const auto at = [](const char *text, double x) { return activated(x, parse_activation(text)); };
    EXPECT_EQ(at("relu", -2), 0);
    EXPECT_TRUE(std::isnan(at("relu", NAN)));
    EXPECT_EQ(at("clip(-1,2)", 5), 2);
    EXPECT_EQ(at("leakyrelu(0.25)", -8), -2);
    EXPECT_EQ(at("leakyrelu(0.25)", 8), 8);
    EXPECT_NEAR(at("elu(2)", -1), -1.2642411176571153, 1e-15);
    EXPECT_EQ(at("hardsigmoid(0.25,0.5)", 1), 0.75);
    EXPECT_EQ(at("hardsigmoid(0.25,0.5)", 4), 1);
    EXPECT_NEAR(at("hardswish", 1), 2.0 / 3, 1e-15);
    EXPECT_EQ(at("hardswish", -3), 0);
    EXPECT_NEAR(at("sigmoid", 1), 0.7310585786300049, 1e-15);
    EXPECT_NEAR(at("silu", -2), -0.2384058440442351, 1e-15);
    EXPECT_NEAR(at("tanh", 0.5), 0.46211715726000975, 1e-15);
    EXPECT_NEAR(at("gelu", 1), 0.8413447460685429, 1e-15);
    EXPECT_NEAR(at("gelutanh", 1), 0.8411919906082768, 1e-15);
    EXPECT_NEAR(at("softplus", 0), std::log(2), 1e-15);
    EXPECT_EQ(at("softplus", 1000), 1000);
    EXPECT_NEAR(at("mish", 1), 0.8650983882673103, 1e-15);
    EXPECT_EQ(at("softsign", -3), -0.75);
    EXPECT_NEAR(at("erf", 1), 0.8427007929497149, 1e-15);
    EXPECT_EQ(at("reciprocal", 4), 0.25);
    EXPECT_EQ(at("pow(3)", -2), -8);
    EXPECT_EQ(at("sign", -0.5), -1);
    EXPECT_EQ(at("round", 2.5), 2);
}

}  // namespace
}  // namespace convoy
