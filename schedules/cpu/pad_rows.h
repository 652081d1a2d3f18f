#pragma once

#include "generators/zero_padded.h"

namespace convoy::cpu {

// Has the rows of an input that `consumer` reads in each turn of its loop `turn` copied between
// zeros before they are read, in vectors.
void pad_rows(ZeroPadded &padded, Halide::Func consumer, const Halide::Var &turn, int vector);

// Cycles of that, for rows of so many floats.
double padding_cycles(double rows, int floats, int vector);

}  // namespace convoy::cpu
