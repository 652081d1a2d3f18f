#pragma once

#include "compiler/emit/toolchain.h"
#include "compiler/tune/machine.h"

namespace convoy {

// What a GPU's driver calls the device that runs a board's code on a machine, asked by a program
// there; `folder` is for files. Throws MachineGone where there is none, ToolError.
std::string gpu_name(const Board &board, Machine &machine, const Toolchain &tools,
                     const std::filesystem::path &folder);

// The same of this machine.
std::string gpu_name_here(const Board &board);

}  // namespace convoy
