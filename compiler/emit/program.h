#pragma once

#include <filesystem>
#include <stdexcept>
#include <string>
#include <vector>

namespace convoy {

struct ToolError : std::runtime_error {
    using std::runtime_error::runtime_error;
};

// The program that an environment variable names, else the first of `names` that is on PATH. Throws
// ToolError saying which packages to install.
std::filesystem::path find_program(const char *variable, const std::vector<std::string> &names,
                                   const std::string &packages);

// Runs a program that makes the file `product`; returns what it prints. Throws ToolError with its
// first line of complaint.
std::string run_program(const std::vector<std::string> &command,
                        const std::filesystem::path &product);

}  // namespace convoy
