#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "schedules/template.h"

namespace convoy {

// Bytes of scratch memory that one allocation of a kernel takes: runtime_glue/driver/scratch.c.
constexpr int64_t scratch_block_bytes(int64_t bytes) {
    return 64 + (bytes + 63) / 64 * 64;
}

// A scheduled kernel as a library's, lowered.
Halide::Module module_of(const ScheduledKernel &scheduled, const Board &board,
                         const std::string &symbol);

// What a kernel launches on a GPU.
struct KernelLaunch {
    std::string entry;
    std::array<int, 3> blocks{1, 1, 1}, threads{1, 1, 1};
    int shared_bytes = 0;  // of a block

    int block_threads() const { return threads[0] * threads[1] * threads[2]; }
    int64_t block_count() const { return int64_t{blocks[0]} * blocks[1] * blocks[2]; }
};
std::vector<KernelLaunch> launches_of(const Halide::Module &module);

// Compiles one scheduled kernel to an object file in this process. Returns the bytes of scratch
// memory that a thread running it needs at most: what it allocates on the heap is served from
// there. Writes its assembly too, unless the path is empty. Throws std::exception (Halide's errors
// among them) when that is more than 8 MiB or of no constant size, or the schedule does not fit the
// kernel.
int64_t compile_object(const ScheduledKernel &scheduled, const Board &board,
                       const std::string &symbol, const std::filesystem::path &object,
                       const std::filesystem::path &assembly = {});

}  // namespace convoy
