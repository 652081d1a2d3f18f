#pragma once

#include <map>
#include <string>

#include "schedules/template.h"

namespace convoy {

// What a schedule of a kernel looks like to the learned cost model: its parameters, the register
// tile that they make and what of it is computed in vain, the shape, the board. Sizes are
// logarithms to the base 2. `predicted_cycles` is the template's own prediction.
std::map<std::string, double> features_of(const Kernel &kernel, const Schedule &schedule,
                                          const Board &board, double predicted_cycles);

}  // namespace convoy
