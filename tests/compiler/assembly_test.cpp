#include "compiler/analyze/assembly.h"

#include <gtest/gtest.h>

#include "compiler/analyze/mca.h"

namespace convoy {
namespace {

TEST(MultiplyAdds, CountsFloatsOfArm64) {
    EXPECT_EQ(multiply_adds("fmla\tv0.4s, v1.4s, v2.s[3]"), 4);
    EXPECT_EQ(multiply_adds("fmls\tv0.2s, v1.2s, v2.2s"), 2);
    EXPECT_EQ(multiply_adds("fmadd\ts0, s1, s2, s3"), 1);
    EXPECT_EQ(multiply_adds("fmadd\td0, d1, d2, d3"), 0);
    EXPECT_EQ(multiply_adds("fmla\tv0.2d, v1.2d, v2.2d"), 0);
    EXPECT_EQ(multiply_adds("fmul\tv0.4s, v1.4s, v2.4s"), 0);
    EXPECT_EQ(multiply_adds("ret"), 0);
}

TEST(MultiplyAdds, CountsFloatsOfX86) {
    EXPECT_EQ(multiply_adds("vfmadd231ps\t(%rdi){1to16}, %zmm1, %zmm2"), 16);
    EXPECT_EQ(multiply_adds("vfnmadd213ps\t%ymm0, %ymm1, %ymm2"), 8);
    EXPECT_EQ(multiply_adds("vfmadd132ps\t%xmm0, %xmm1, %xmm2"), 4);
    EXPECT_EQ(multiply_adds("vfmadd231ss\t%xmm0, %xmm1, %xmm2"), 1);
    EXPECT_EQ(multiply_adds("vfmadd231pd\t%ymm0, %ymm1, %ymm2"), 0);
}

constexpr const char *nest = R"(
    .text
kernel:                                 // @kernel
    .cfi_startproc
    fmla v0.4s, v1.4s, v2.4s
.LBB0_1:                                // Parent Loop
    fmla v3.4s, v1.4s, v2.4s
    fmla v4.4s, v1.4s, v2.4s
.LBB0_2:
    ldr q1, [x0], #16
    ldr q2, [sp, #32]                   // 16-byte Folded Reload
    fmla v0.4s, v1.4s, v2.s[1]
    subs x1, x1, #1
    b.ne .LBB0_2
    str q0, [sp, #48]                   // 16-byte Folded Spill
    cbnz x2, .LBB0_1
    b .LBB0_4
.LBB0_4:
    ret
second:
    fmul v0.4s, v1.4s, v2.4s
    ret
)";

TEST(InnerLoop, IsPreferredToTheLoopAroundIt) {
    const InnerLoop loop = inner_loop(nest);
    EXPECT_EQ(loop.instructions.size(), 5u);
    EXPECT_EQ(loop.instructions.front(), "ldr q1, [x0], #16");
    EXPECT_EQ(loop.instructions.back(), "b.ne .LBB0_2");
    EXPECT_EQ(loop.macs, 4);
    EXPECT_EQ(loop.depth, 2);
    EXPECT_EQ(loop.spill_loads, 1);
    EXPECT_EQ(loop.spill_stores, 0);
}

TEST(InnerLoop, LeavesLoopsInsideOut) {
    std::string unrolled = nest;
    for (int i = 0; i < 4; i++)
        unrolled.insert(unrolled.find("fmla v3"), "fmla v5.4s, v1.4s, v2.4s\n");
    const InnerLoop loop = inner_loop(unrolled);
    EXPECT_EQ(loop.macs, 24);
    EXPECT_EQ(loop.depth, 1);
    EXPECT_EQ(loop.spill_loads, 0);
    EXPECT_EQ(loop.spill_stores, 1);
    EXPECT_EQ(loop.instructions.back(), "cbnz x2, .LBB0_1");
}

TEST(InnerLoop, MayBeNoLoop) {
    const InnerLoop code = inner_loop(
        "kernel:\n\tvmovups\t(%rdi), %ymm0      # 32-byte Reload\n"
        "\tvfmadd231ps\t(%rsi), %ymm1, %ymm0\n\tje\t.LBB0_2\n.LBB0_2:\n\tretq\n");
    EXPECT_EQ(code.depth, 0);
    EXPECT_EQ(code.macs, 8);
    EXPECT_EQ(code.spill_loads, 1);
    EXPECT_EQ(code.instructions.size(), 4u);
    EXPECT_TRUE(inner_loop("kernel:\n\tret\n").instructions.empty());
    EXPECT_TRUE(inner_loop("").instructions.empty());
}

TEST(Bottleneck, IsWhatIsHardlyEverIdle) {
    McaPrediction p{.cycles = 10, .busiest_unit = "V0", .busy = 0.95, .dispatched = 0.5};
    EXPECT_EQ(bottleneck(p), "V0");
    p.dispatched = 0.99;
    EXPECT_EQ(bottleneck(p), "dispatch");
    p.busy = 0.7, p.dispatched = 0.6;
    EXPECT_EQ(bottleneck(p), "latency");
}

}  // namespace
}  // namespace convoy
