#include "schedules/gpu/two_level.h"

#include "generators/two_level_conv2d.h"
#include "schedules/gpu/pixels.h"

namespace convoy::gpu {

using namespace Halide;

namespace {

const TwoLevelConv2dKernel &conv_of(const Kernel &kernel) {
    return std::get<TwoLevelConv2dKernel>(kernel);
}

void apply(TwoLevelConv2dStages &s, const PixelTile &t) {
    s.weights.set_host_alignment(16);
    const auto [block, each] = split_pixels(s, t);
    const Func shared = s.representatives.in(s.accumulator);
    const std::vector<Var> dims = shared.args();  // group, x, y, image
    const Var own = stage(shared, dims[1], dims[2], dims[0], s.output, block, t.block());
    s.representatives.compute_at(shared, own).store_in(MemoryType::Register);
    s.lane_sums.compute_at(shared, own).store_in(MemoryType::Register);
    s.accumulator.compute_at(s.output, each)
        .store_in(MemoryType::Register)
        .reorder_storage(s.sub, s.oh);
    unroll_pixels(s.accumulator.reorder(s.sub, s.oh), s, t);
    unroll_pixels(s.accumulator.update(0).reorder(s.sub, s.oh, s.lane, s.ow, s.representative), s,
                  t);
    auto conv = s.accumulator.update(1);
    conv.reorder(s.sub, s.oh, s.lane, s.ow, s.ic_lane, s.kw, s.kh, s.ic_block);
    unroll_pixels(conv, s, t);
    conv.unroll(s.kw).unroll(s.kh);
}

bool accepts(const Kernel &kernel, const Board &) {
    return std::holds_alternative<TwoLevelConv2dKernel>(kernel) && has_plain_layouts(kernel);
}

int vectors_of(const ConvProblem &p, int vector) {
    return p.oc / vector;
}

std::string illegal(const Kernel &kernel, const Schedule &schedule, const Board &board) {
    const ConvProblem &p = conv_of(kernel).problem;
    const PixelTile t(schedule);
    if (t.vector < 1 || p.oc_per_group() % t.vector != 0)
        return "vector must divide " + std::to_string(p.oc_per_group());
    return wrong_with(t, p, vectors_of(p, t.vector), p.g, board);
}

double cycles(const Kernel &kernel, const Schedule &schedule, const Board &board) {
    const ConvProblem &p = conv_of(kernel).problem;
    const PixelTile t(schedule);
    const double group_taps = (double)p.ic_per_group() * p.kh * p.kw;
    const double vectors = (double)ceil_div(vectors_of(p, t.vector), t.threads_c);
    const double between = (double)p.g * t.pixels() / t.threads();
    const double lanes = t.vector % 4 == 0 ? 4 : 1;
    Launch l;
    l.blocks =
        (double)ceil_div(p.ow, t.threads_ow) * ceil_div(p.oh, t.threads_oh * t.tile_oh) * p.mb;
    l.threads = t.threads();
    l.registers = t.vector * t.tile_oh + t.vector + (t.tile_oh + p.kh) * p.kw + 24;
    l.shared_bytes = 4 * p.g * t.pixels();
    l.fmas = between * group_taps + vectors * (group_taps + p.g) * t.vector * t.tile_oh;
    l.loads = between * 2 * group_taps + vectors * (group_taps * (t.tile_oh + t.vector / lanes) +
                                                    p.g * (t.tile_oh + t.vector / lanes));
    l.waits = between * group_taps / 4 + vectors * (p.ic_per_group() + p.g / 2.0);
    const double input = 4.0 * p.mb * p.ic * p.ih * p.iw, output = 4.0 * p.mb * p.oc * p.oh * p.ow,
                 weights = 4.0 * conv_of(kernel).weight_count();
    l.bytes = input + output + weights;
    l.l2_bytes = 2 * input + output + l.blocks * weights;
    return cycles_of(board, l);
}

std::vector<Schedule> candidates(const Kernel &kernel, const Board &board, Span) {
    const ConvProblem &p = conv_of(kernel).problem;
    std::vector<int> vectors;
    for (const int vector : {1, 2, 4, 8, 16}) {
        if (p.oc_per_group() % vector == 0) vectors.push_back(vector);
    }
    return pixel_tiles("gpu_two_level", p, vectors, p.oc, p.g, board);
}

ScheduledKernel build(const Kernel &kernel, const Schedule &schedule, const Board &) {
    TwoLevelConv2dStages stages = two_level_conv2d(conv_of(kernel), schedule.at("vector"));
    apply(stages, PixelTile(schedule));
    return {stages.output, stages.arguments()};
}

}  // namespace

const Template two_level = {"gpu_two_level", 1, accepts, candidates, illegal, cycles, build};

}  // namespace convoy::gpu
