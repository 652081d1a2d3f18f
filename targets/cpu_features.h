#pragma once

#include <span>

namespace convoy {

// An x86 feature as CPUID reports it; the compiled library's own check is generated from this
// table.
struct CpuFeature {
    const char *name;
    unsigned leaf, subleaf;
    char output;  // 'a', 'b', 'c' or 'd': the register
    int bit;
    unsigned xcr0;  // register state the operating system must save for it
};

std::span<const CpuFeature> known_cpu_features();

// Null where the name is unknown.
const CpuFeature *find_cpu_feature(const char *name);

}  // namespace convoy
