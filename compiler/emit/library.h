#pragma once

#include <optional>
#include <string>
#include <vector>

#include "compiler/emit/kernel_compiler.h"
#include "compiler/plan/constants.h"
#include "compiler/plan/plan.h"

namespace convoy {

// What vectors may read past the end of a tensor.
constexpr int64_t overread_bytes = 256;

// A network compiled for one board.
struct Variant {
    Board board;
    Plan plan;
    std::vector<CompiledKernel> kernels;
    ConstantPool constants;

    // The arena: tensors, the scratch memory of the thread that calls run, then all lanes but the
    // first.
    int64_t scratch_offset() const { return plan.arena_bytes + overread_bytes; }
    int64_t scratch_bytes() const;  // of the kernel that needs most
    int64_t other_lanes_offset() const {
        return scratch_offset() + (scratch_bytes() > 0 ? scratch_bytes() + overread_bytes : 0);
    }
    int64_t lane_bytes() const { return plan.lane_bytes + overread_bytes; }
    int64_t arena_bytes() const { return other_lanes_offset() + (plan.lanes - 1) * lane_bytes(); }
};

// A network compiled for one board or several of one system: what is emitted as one library.
struct Library {
    std::string name;            // a C identifier: the prefix of everything public
    std::string source;          // the model's file name
    std::string system;          // of its boards: targets/system.h
    std::string folder;          // below lib/ and share/, where the package has several libraries
    std::filesystem::path file;  // in the package
    std::vector<Value> inputs, outputs;
    std::vector<Variant> variants;  // most demanding board first
    int64_t parameters = 0;         // of the model
    int threads = 1;                // that its schedules were chosen for

    // What the library's pack function takes, where it has one: dense weights and bias. Then the
    // input `packed_input` is what that makes of them.
    std::optional<Value> weights, bias;
    int packed_input = -1;

    // Whether the header, which serves all libraries of a package, has run_device.
    bool takes_device_memory = false;

    bool has_gpu() const;
    // Of the CPU's memory, that the caller owns: variants on a GPU have their own there.
    int64_t arena_bytes() const;
    int64_t scratch_bytes() const;
    int64_t constant_bytes() const;
    int64_t packed_floats() const;
    int64_t packed_bytes() const;  // of the input, which has room for every board of the package
};

// Prefix of a variant's own symbols.
std::string symbol_prefix(const std::string &library, const Board &board);

// A model's text as it can stand in a C comment.
std::string comment_text(std::string text);

// The C driver that runs the plan: freestanding, one file. Weights are the symbol <prefix>weights.
std::string driver_source(const Library &library);

// A file of runtime_glue/driver, as it goes into drivers. Throws CompileError.
std::string driver_glue(const char *file);

// Those that run a kernel's loops over threads; SCRATCH_BYTES is defined before them.
std::string driver_loops();

// Entries of the driver's table of launches, for a library or program of so many kernels: each
// object has one launch or a few.
size_t launch_slots(size_t kernels);

// Assembly that takes a file of bytes in as <prefix>weights.
std::string weights_source(const std::string &prefix, const std::string &file);

// The C and C++ header, which serves the libraries of all systems.
std::string header_source(const Library &library);

// A package is a library for each system. What they hold, as JSON: layers, MACs, schedules and
// where they came from, arena and weight bytes, expected time.
std::string manifest(const std::vector<Library> &package);

// The CMake package that imports the library of the build's system as <name>::<name>.
std::string cmake_config(const std::vector<Library> &package, bool shared);

}  // namespace convoy
