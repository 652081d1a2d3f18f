#pragma once

#include <string>

namespace convoy {

// This machine's processor, by which measurements of it are known: "AMD EPYC 9R14". Never empty.
std::string cpu_model();

// The same of the text of a machine's /proc/cpuinfo: x86's model name, "implementer 0x41 part
// 0xd08" of arm; empty where it says neither.
std::string cpu_model_of(const std::string &cpuinfo);

// What measurements under an emulator are known by, which are no board's:
// "qemu-aarch64-static on AMD EPYC 9R14 (emulated)".
std::string emulated_cpu_model(const std::string &emulator, const std::string &cpu);
bool is_emulated(const std::string &cpu);

}  // namespace convoy
