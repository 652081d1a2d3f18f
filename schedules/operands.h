#pragma once

#include <cstdint>
#include <vector>

#include "schedules/schedule.h"

namespace convoy {

// Where a kernel expects the pointer to each of its views, as an offset into the view's memory.
// Operands whose halo has coordinates start at the halo, the others at channel block 0, row 0,
// column 0.
int64_t input_offset(const Kernel &kernel);
int64_t addend_offset(const Kernel &kernel);
int64_t output_offset(const Kernel &kernel);

const View &input_view(const Kernel &kernel);
const View &output_view(const Kernel &kernel);

// The arguments between a kernel's input and its addend: weights and bias, or scale and shift.
std::vector<std::vector<float>> pack_constants(const Kernel &kernel, const Schedule &schedule,
                                               const std::vector<float> &weights_or_scale,
                                               const std::vector<float> &bias_or_shift);

}  // namespace convoy
