#include "targets/cpu_model.h"

#include <gtest/gtest.h>

namespace convoy {
namespace {

TEST(CpuModel, IsX86sModelName) {
    EXPECT_EQ(cpu_model_of("processor\t: 0\nvendor_id\t: AuthenticAMD\nmodel\t\t: 17\n"
                           "model name\t: AMD EPYC 9R14 \n\nprocessor\t: 1\nmodel name\t: other\n"),
              "AMD EPYC 9R14");
}

TEST(CpuModel, IsImplementerAndPartOnArm) {
    const std::string cortex_a72 =
        "CPU implementer\t: 0x41\nCPU architecture: 8\nCPU variant\t: 0x0\nCPU part\t: 0xd08\n";
    EXPECT_EQ(cpu_model_of(cortex_a72), "implementer 0x41 part 0xd08");
    EXPECT_EQ(cpu_model_of("model name\t: ARMv8 Processor rev 3 (v8l)\n" + cortex_a72),
              "implementer 0x41 part 0xd08");
}

TEST(CpuModel, IsEmptyWhereTheTextSaysNeither) {
    for (const char *text : {"", "model name\t:\n", "CPU part\t: 0xd08\n", "model name"})
        EXPECT_EQ(cpu_model_of(text), "") << text;
}

TEST(CpuModel, OfAnEmulatorIsNoBoards) {
    const std::string emulated = emulated_cpu_model("qemu-aarch64-static", "AMD EPYC 9R14");
    EXPECT_EQ(emulated, "qemu-aarch64-static on AMD EPYC 9R14 (emulated)");
    EXPECT_TRUE(is_emulated(emulated));
    EXPECT_FALSE(is_emulated("AMD EPYC 9R14"));
    EXPECT_FALSE(is_emulated(cpu_model()));
}

TEST(CpuModel, OfThisMachineIsOneLine) {
    EXPECT_FALSE(cpu_model().empty());
    EXPECT_EQ(cpu_model().find('\n'), std::string::npos);
    EXPECT_EQ(cpu_model(), cpu_model());
}

}  // namespace
}  // namespace convoy
