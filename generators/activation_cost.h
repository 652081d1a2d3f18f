#pragma once

#include "generators/activation.h"

namespace convoy {

// Instructions that compute a vector of an activation as activate() does, at least: a product and
// the sum that it goes into are one, a division or a root counts as eight. 0 where there is none.
int activation_instructions(const Activation &activation);

}  // namespace convoy
