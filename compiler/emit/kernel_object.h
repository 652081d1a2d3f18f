#pragma once

#include <filesystem>
#include <string>

#include "schedules/template.h"

namespace convoy {

// Compiles one scheduled kernel to an object file in this process. Throws std::exception (Halide's
// errors among them) when the kernel would allocate memory at run time or the schedule does not fit
// it.
void compile_object(const Kernel &kernel, const Schedule &schedule, const Board &board,
                    const std::string &symbol, const std::filesystem::path &object);

}  // namespace convoy
