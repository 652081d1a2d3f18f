#include "schedules/cpu/pad_rows.h"

#include "schedules/cpu/cost.h"

namespace convoy::cpu {

using namespace Halide;

void pad_rows(ZeroPadded &padded, Func consumer, const Var &turn, int vector) {
    const Var w = padded.rows.args()[0];
    // Column 0 is where a vector begins, so that none that is stored crosses a cache line.
    padded.rows.compute_at(consumer, turn).align_bounds(w, vector).vectorize(w, vector);
    padded.rows.update().vectorize(padded.w, vector, TailStrategy::GuardWithIf);
}

double padding_cycles(double rows, int floats, int vector) {
    return rows * (10 + 4.0 * ceil_div(floats, vector));
}

}  // namespace convoy::cpu
