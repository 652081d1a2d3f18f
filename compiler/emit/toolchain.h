#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "compiler/emit/program.h"
#include "targets/board.h"

namespace convoy {

// The LLVM programs that turn a driver and objects into a library: clang, llvm-ar, llvm-objcopy.
// Each is the one that CONVOY_CLANG, CONVOY_LLVM_AR, CONVOY_LLVM_OBJCOPY name, or the first of that
// name, or of it with a version, on PATH.
class Toolchain {
public:
    // Throws ToolError naming the program that is missing.
    Toolchain();

    // C or assembly to an object for the board. Throws ToolError with the tool's first line of
    // complaint.
    void compile(const Board &board, const std::filesystem::path &source,
                 const std::filesystem::path &object) const;
    void archive(const std::vector<std::filesystem::path> &objects,
                 const std::filesystem::path &library) const;
    void link_shared(const Board &board, const std::vector<std::filesystem::path> &objects,
                     const std::filesystem::path &library) const;
    // What needs the board's C library: its headers for a source, itself for a program. For another
    // architecture than this machine's that takes a cross compiler, which CONVOY_CROSS_GCC names or
    // PATH has.
    void compile_hosted(const Board &board, const std::filesystem::path &source,
                        const std::filesystem::path &object) const;
    void link_program(const Board &board, const std::vector<std::filesystem::path> &objects,
                      const std::filesystem::path &program, bool is_static) const;
    // What the two take. Throws ToolError where it is missing.
    std::string hosted_compiler(const Board &board) const;
    // Gives symbols of an object file other names: {from, to}.
    void rename_symbols(const std::filesystem::path &object,
                        const std::vector<std::pair<std::string, std::string>> &names) const;

private:
    std::filesystem::path clang_, ar_, objcopy_;
};

}  // namespace convoy
