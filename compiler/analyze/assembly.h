#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace convoy {

// The part of a kernel where its multiply-adds are, as it stands in the assembly that Halide writes
// (GNU's syntax, arm64 or x86-64).
struct InnerLoop {
    std::vector<std::string> instructions;
    int64_t macs = 0;  // float32 multiply-adds of one pass
    int spill_loads = 0, spill_stores = 0;
    int depth = 0;  // of the nest of loops; 0: nothing repeats it
};

// Of all loops, without the loops inside them, the one with most multiply-adds; an inner loop is
// preferred, since it runs more often. Empty where there is no multiply-add.
InnerLoop inner_loop(const std::string &assembly);

// float32 multiply-adds of an instruction: 16 for one of 512 bits, 0 for any other instruction.
int multiply_adds(const std::string &instruction);

}  // namespace convoy
