#pragma once

#include "Halide.h"

namespace convoy::cpu {

// Has what `f` stores interleaved, multiples of 8 vectors of multiples of 4 floats, transposed in
// squares of 4 x 4: two of them side by side in 256 bits, which are two loads and two shuffles
// for 8 floats. Halide's own code interleaves vectors in pairs, which on x86 crosses 128-bit lanes.
// Has every second float of an array, even and odd, taken from the same vector, that of the even
// ones: an array that is always read as whole vectors stays in registers.
void interleave_in_squares(Halide::Func &f);

}  // namespace convoy::cpu
