#pragma once

#include <string>

namespace convoy {

// This machine's processor, by which measurements of it are known: "AMD EPYC 9R14". Never empty.
std::string cpu_model();

// The same of the text of a machine's /proc/cpuinfo: x86's model name, "implementer 0x41 part
// 0xd08" of arm; empty where it says neither.
std::string cpu_model_of(const std::string &cpuinfo);

}  // namespace convoy
