#include "generators/layer.h"

#include <gtest/gtest.h>

#include <stdexcept>

namespace convoy {
namespace {

TEST(Layer, ReadsItsEpilogue) {
    const Layer plain = parse_layer("ic3ih8oc4kh3");
    EXPECT_EQ(plain.problem, parse_conv_problem("ic3ih8oc4kh3"));
    EXPECT_TRUE(plain.name.empty());
    EXPECT_FALSE(plain.has_bias || plain.has_addend);
    EXPECT_EQ(plain.activation, Activation{});

    const Layer full = parse_layer("g2ic4ih8oc4kh3ph1n\"res+2a\"+bias+add+clip(-1,6)");
    EXPECT_EQ(full.problem, parse_conv_problem("g2ic4ih8oc4kh3ph1"));
    EXPECT_EQ(full.name, "res+2a");
    EXPECT_TRUE(full.has_bias && full.has_addend);
    EXPECT_EQ(full.activation, Activation::clip(-1, 6));

    EXPECT_TRUE(parse_layer("ic3ih8oc4kh3+add").has_addend);
    EXPECT_EQ(parse_layer("ic3ih8oc4kh3+relu").activation, Activation::relu());
}

TEST(Layer, PrintsWhatItReads) {
    for (const char *text :
         {"g1ic3ih8oc4oh6kh3ph0", "g1ic3ih8oc4oh6kh3ph0+bias", "g1ic3ih8oc4oh6kh3ph0+add+relu",
          "g4ic64ih56oc64oh56kh3ph1n\"res2a\"+bias+add+clip(0,6)"})
        EXPECT_EQ(to_string(parse_layer(text)), text);
}

TEST(Layer, NamesWhatIsWrong) {
    const auto error = [](const char *text) -> std::string {
        try {
            parse_layer(text);
        } catch (const std::invalid_argument &e) {
            return e.what();
        }
        return "none";
    };
    const auto says = [&](const char *text, const char *what) {
        EXPECT_NE(error(text).find(what), std::string::npos) << error(text);
    };
    says("ic3ih8oc4kx3", "unknown letter 'kx'");
    says("ic3ih8oc4", "'kh' is missing");
    says("g2ic3ih8oc4kh3", "ic 3 is not divisible by g 2");
    says("ic3ih8oc4kh3+", "activation '': expected one of");
    says("ic3ih8oc4kh3+rleu", "activation 'rleu': expected one of");
    says("ic3ih8oc4kh3+relu+bias", "found '+bias', expected the end after '+relu'");
    says("ic3ih8oc4kh3+add+bias", "activation 'bias': expected one of");
    says("ic3ih8oc4kh3+bias+bias", "in this order");
    says("ic3ih8oc4kh3+clip(0)", "expected clip(NUMBER,NUMBER)");
    says("ic3ih8oc4kh3n\"res2a+relu", "no closing quote");
}

}  // namespace
}  // namespace convoy
