#pragma once

#include <map>
#include <string>

#include "generators/kernel.h"
#include "targets/board.h"

namespace convoy {

// How a kernel is computed, as data: it can be listed, checked before compiling, written to a
// record, read back.
struct Schedule {
    std::string template_name;
    std::map<std::string, int> parameters;

    int at(const std::string &parameter) const;
    bool operator==(const Schedule &) const = default;
};

// "oc_vectors tile_oc=2 tile_oh=1 tile_ow=7".
std::string to_string(const Schedule &schedule);

}  // namespace convoy
