#pragma once

#include "schedules/template.h"

namespace convoy::gpu {

// One thread an output element: legal for every kernel that a generator accepts.
extern const Template reference;

}  // namespace convoy::gpu
