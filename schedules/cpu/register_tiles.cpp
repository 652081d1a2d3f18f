#include "schedules/cpu/register_tiles.h"

namespace convoy::cpu {

using namespace Halide;

void sum_in_register_tiles(Func &stored, Func &sums, const ProductLoops &loops,
                           const Schedule &schedule) {
    const auto &[lane, x, y, oc, ic_lane, ic_outer, planes, products] = loops;
    const int tile_x = schedule.at("tile_x"), tile_y = schedule.at("tile_y"),
              tile_oc = schedule.at("tile_oc"), unroll_ic = schedule.at("unroll_ic");
    Var xo("xo"), xt("xt"), yo("yo"), yt("yt"), oo("oo"), ot("ot");
    std::vector<VarOrRVar> order = {lane, xt, yt, ot, xo, yo};
    order.insert(order.end(), planes.begin(), planes.end());
    order.push_back(oo);
    order.insert(order.end(), products.begin(), products.end());
    stored.split(x, xo, xt, tile_x, TailStrategy::ShiftInwards)
        .split(y, yo, yt, tile_y, TailStrategy::ShiftInwards)
        .split(oc, oo, ot, tile_oc, TailStrategy::ShiftInwards)
        .reorder(order)
        .vectorize(lane)
        .unroll(xt)
        .unroll(yt)
        .unroll(ot);
    sums.compute_at(stored, xo)
        .store_in(MemoryType::Stack)
        .vectorize(lane)
        .unroll(x)
        .unroll(y)
        .unroll(oc);
    // The operands of the inner loop stay in registers across the outer one: they must be the few.
    order = {lane};
    if (tile_oc <= tile_x * tile_y) {
        order.insert(order.end(), {oc, x, y});
    } else {
        order.insert(order.end(), {x, y, oc});
    }
    order.push_back(ic_lane);
    order.insert(order.end(), ic_outer.begin(), ic_outer.end());
    order.insert(order.end(), products.begin(), products.end());
    sums.update().reorder(order).vectorize(lane).unroll(x).unroll(y).unroll(oc);
    if (unroll_ic > 1) sums.update().unroll(ic_lane, unroll_ic);
}

}  // namespace convoy::cpu
