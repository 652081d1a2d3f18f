#include "generators/activation_cost.h"

#include <gtest/gtest.h>

namespace convoy {
namespace {

using Kind = Activation::Kind;

TEST(ActivationCost, CountsInstructions) {
    EXPECT_EQ(activation_instructions({}), 0);
    EXPECT_EQ(activation_instructions(Activation::relu()), 1);
    EXPECT_EQ(activation_instructions(Activation::clip(0, 6)), 2);
    // A product, the sum that it goes into, a clamp, and the product with x.
    EXPECT_EQ(activation_instructions({Kind::hard_swish}), 4);
    EXPECT_EQ(activation_instructions({Kind::softsign}), 8 + 1 + 1);
}

TEST(ActivationCost, LongerFormulasCostMore) {
    const int exp = activation_instructions({Kind::exp}),
              sigmoid = activation_instructions({Kind::sigmoid}),
              silu = activation_instructions({Kind::silu}),
              mish = activation_instructions({Kind::mish});
    EXPECT_GT(exp, 10);
    EXPECT_GT(sigmoid, exp + 8);
    EXPECT_EQ(silu, sigmoid + 1);
    EXPECT_GT(mish, exp + 8);
    for (int kind = 1; kind <= int(Kind::round); kind++)
        EXPECT_GT(activation_instructions({Kind(kind), 2, 3}), 0) << kind;
}

}  // namespace
}  // namespace convoy
