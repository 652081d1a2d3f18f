#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "compiler/emit/kernel_compiler.h"
#include "compiler/layer.h"
#include "compiler/onnx/import.h"

namespace convoy {

struct CompileOptions {
    std::vector<std::string> boards = {"host"};
    std::string system;            // only those boards that are of it; empty: all
    std::filesystem::path folder;  // receives lib/, include/ and share/
    std::string name;              // of the library; empty: the model file's stem or the layer's
    bool shared = false;           // a shared library rather than a static one
    ImportOptions import;
    int jobs = 2;
    double seconds_per_schedule = 60;
    ScheduleRules rules;
    std::vector<std::filesystem::path> record_files;  // beside the project's and the user's
    // What is going on, and how much of it is done (total 0: not countable).
    std::function<void(const std::string &what, int done, int total)> progress;
};

struct CompileResult {
    std::string name;
    std::vector<std::filesystem::path> libraries;  // one a system
    std::filesystem::path header, manifest;
    int64_t arena_bytes = 0, weight_bytes = 0, macs = 0, parameters = 0;
    int kernels = 0, steps = 0;
    double expected_us = 0;  // by the first board's model and records
};

// Compiles an ONNX model into a library for the boards, or one for those of each system, with one
// header: all files are written, or none. Throws
// ImportError, BoardError, RecordError, CompileError, ToolError, Interrupted; what() is one line.
CompileResult compile_model(const std::filesystem::path &model, const CompileOptions &options);

// The same for one layer. Without constant weights the library has a function that packs them, and
// takes what that makes as an input.
CompileResult compile_layer(const Layer &layer, const LayerConstants &constants,
                            const CompileOptions &options);

// A model's name as an identifier of C and C++: other characters become '_', and what the languages
// or the runtime have taken gets a prefix.
std::string library_name(const std::string &text);

}  // namespace convoy
