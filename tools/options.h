#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace convoy {

// {"N=1"} as {"N": 1}. Throws std::invalid_argument naming what is not NAME=VALUE.
std::map<std::string, int64_t> parse_dims(const std::vector<std::string> &texts);

}  // namespace convoy
