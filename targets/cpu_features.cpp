#include "targets/cpu_features.h"

#include <cstring>

namespace convoy {

namespace {

constexpr unsigned ymm = 0x6, zmm = 0xe6;

// Intel 64 and IA-32 Architectures Software Developer's Manual, volume 2A, CPUID.
constexpr CpuFeature features[] = {
    {"fma", 1, 0, 'c', 12, ymm},          {"f16c", 1, 0, 'c', 29, ymm},
    {"avx2", 7, 0, 'b', 5, ymm},          {"avx512f", 7, 0, 'b', 16, zmm},
    {"avx512dq", 7, 0, 'b', 17, zmm},     {"avx512ifma", 7, 0, 'b', 21, zmm},
    {"avx512cd", 7, 0, 'b', 28, zmm},     {"avx512bw", 7, 0, 'b', 30, zmm},
    {"avx512vl", 7, 0, 'b', 31, zmm},     {"avx512vbmi", 7, 0, 'c', 1, zmm},
    {"avx512vbmi2", 7, 0, 'c', 6, zmm},   {"avx512vnni", 7, 0, 'c', 11, zmm},
    {"avx512bitalg", 7, 0, 'c', 12, zmm}, {"avx512vpopcntdq", 7, 0, 'c', 14, zmm},
    {"avx512bf16", 7, 1, 'a', 5, zmm},    {"avxvnni", 7, 1, 'a', 4, ymm},
    {"avx512fp16", 7, 0, 'd', 23, zmm},
};

}  // namespace

std::span<const CpuFeature> known_cpu_features() {
    return features;
}

const CpuFeature *find_cpu_feature(const char *name) {
    for (const CpuFeature &feature : features) {
        if (std::strcmp(feature.name, name) == 0) return &feature;
    }
    return nullptr;
}

}  // namespace convoy
