#include "schedules/gpu/staging.h"

namespace convoy::gpu {

using namespace Halide;

Var stage(Func func, const Var &dim_x, const Var &dim_y, const Var &dim_z, Func &consumer,
          const Var &block, const Threads &threads, const std::vector<Var> &inner) {
    Var x("x"), y("y"), z("z"), x_rest("x_rest"), y_rest("y_rest"), z_rest("z_rest");
    std::vector<VarOrRVar> order(inner.begin(), inner.end());
    order.insert(order.end(), {x_rest, y_rest, z_rest, x, y, z});
    func.compute_at(consumer, block)
        .store_in(MemoryType::GPUShared)
        .split(dim_x, x_rest, x, threads.x, TailStrategy::GuardWithIf)
        .split(dim_y, y_rest, y, threads.y, TailStrategy::GuardWithIf)
        .split(dim_z, z_rest, z, threads.z, TailStrategy::GuardWithIf)
        .reorder(order)
        .gpu_threads(x, y, z);
    return x_rest;
}

void stage_copy(Func copy, Func &consumer, const Var &block, const Threads &threads) {
    Var all("all"), rest("rest"), x("x"), y("y"), z("z");
    const std::vector<Var> dims = copy.args();
    copy.compute_at(consumer, block).store_in(MemoryType::GPUShared).fuse(dims[0], dims[1], all);
    for (size_t d = 2; d < dims.size(); d++) copy.fuse(all, dims[d], all);
    copy.split(all, rest, x, threads.x, TailStrategy::GuardWithIf)
        .split(rest, rest, y, threads.y, TailStrategy::GuardWithIf)
        .split(rest, rest, z, threads.z, TailStrategy::GuardWithIf)
        .reorder(rest, x, y, z)
        .gpu_threads(x, y, z);
}

}  // namespace convoy::gpu
