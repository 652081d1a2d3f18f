#pragma once

#include <filesystem>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace convoy {

struct BoardError : std::runtime_error {
    using std::runtime_error::runtime_error;
};

// What a GPU has beside a board's other facts.
struct Gpu {
    std::string api;              // "cuda" or "opencl"
    int compute_capability = 0;   // that the device must have, 80 for 8.0; CUDA alone
    std::string ptxas_target;     // "sm_80"; CUDA alone
    int units = 1;                // multiprocessors
    int lanes_per_unit = 64;      // multiply-adds of a unit in one cycle
    int threads_per_unit = 1024;  // that a unit holds at once
    int threads_per_block = 256;
    int registers_per_unit = 65536, registers_per_thread = 255;
    int shared_bytes_per_unit = 64 << 10;
    int shared_bytes = 32 << 10;  // of a block
    double launch_us = 5;         // from one kernel of a stream to the next
};

// The facts about a machine that schedules and the compiler read; a file each in targets/boards/.
struct Board {
    std::string name, description;
    std::string family;         // which schedules apply: "x86", "arm" or "gpu"
    std::string halide_target;  // for Halide::Target
    std::string clang_triple;   // for the driver and the weights
    std::vector<std::string>
        cpu_features;     // what the CPU must have, by the names of cpu_features.h
    std::string vendor;   // CPUID vendor this describes, empty for any
    std::string mca_cpu;  // whose pipelines `convoy analyze` asks LLVM for; empty: none is near
    std::string source;   // where the numbers come from

    int vector_floats = 8;  // float32 lanes of one vector register
    int vector_registers = 16;
    double fma_per_cycle = 2;         // fused multiply-adds of a whole vector
    double narrow_fma_per_cycle = 2;  // of half a vector or less
    double adds_per_cycle = 0;        // that run beside these; 0 where they take turns
    double loads_per_cycle = 2;       // of a whole vector
    int fma_latency_cycles = 4;
    bool in_order = false;  // an instruction waits for those before it: loads cost their own time
    double clock_ghz = 3;   // sustained, all-vector code
    int l1d_bytes = 32 << 10;
    int l2_bytes = 512 << 10;
    double l2_bytes_per_cycle = 32;  // sustained, one core
    double l3_bytes_per_cycle = 12;
    double dram_bytes_per_cycle = 4;
    int l3_bytes = 16 << 20;
    double fork_join_us = 3;  // that a loop shared among threads takes more than its tasks

    // Where kernels run on one. The numbers above are then its own, of all units together: a vector
    // is one float, and the first cache is left out, for nothing stays there between kernels.
    std::optional<Gpu> gpu;

    double peak_gflops() const { return 2 * vector_floats * fma_per_cycle * clock_ghz; }
};

// The folder of board files: $CONVOY_BOARDS, else beside the installed tool, else the source
// tree's.
std::filesystem::path boards_folder();

// Names of all board files, sorted, "host" first.
std::vector<std::string> board_names();

// A board by name, this machine for "host", or what a file is that ends in ".json". Throws
// BoardError.
Board load_board(const std::string &name);

// Reads one board file. Throws BoardError naming the file, the key, what was found and expected.
Board read_board(const std::filesystem::path &file);

// This machine: the best board file whose CPU features it has, with its own caches. Throws
// BoardError.
Board detect_host();

// Whether this machine's CPU runs the board's code; false for a GPU's board.
bool runs_here(const Board &board);

// The features of the CPU this runs on, of those that board files may name.
std::vector<std::string> host_cpu_features();

}  // namespace convoy
