#pragma once

#include <vector>

#include "schedules/template.h"

namespace convoy {

// The `ranked` best schedules of the model, `others` candidates of each template chosen by the
// kernel's text (always the same ones), and the reference.
std::vector<Schedule> sample_schedules(const Kernel &kernel, const Board &board, size_t ranked,
                                       size_t others);

}  // namespace convoy
