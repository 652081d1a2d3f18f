#pragma once

#include <iosfwd>
#include <string>

#include "compiler/emit/library.h"

namespace convoy {

// One board's part of the driver: its kernels, what packs their weights, the steps as a list of
// calls, and the CPU features it needs. Its names begin with the prefix.
void write_variant(std::ostream &out, const Variant &variant, const std::string &prefix);

}  // namespace convoy
