#pragma once

#include <map>
#include <string>
#include <vector>

#include "Halide.h"

namespace convoy::cpu {

// Schedules a pipeline whose inputs and output have constant bounds and no stage has a schedule,
// with one of Halide's autoschedulers ("Adams2019"). They are plugins, libautoschedule_<name>.so,
// in the folder that CONVOY_AUTOSCHEDULERS names where it is set, else beside libHalide.so: loads
// one into this process. Throws std::runtime_error where there is none, and Halide's errors.
void autoschedule(Halide::Func output, const std::vector<Halide::ImageParam> &inputs,
                  const Halide::Target &target, const std::string &name,
                  const std::map<std::string, std::string> &parameters);

}  // namespace convoy::cpu
