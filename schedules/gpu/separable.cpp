#include "schedules/gpu/separable.h"

#include "generators/separable_conv2d.h"
#include "schedules/gpu/pixels.h"

namespace convoy::gpu {

using namespace Halide;

namespace {

const SeparableConv2dKernel &conv_of(const Kernel &kernel) {
    return std::get<SeparableConv2dKernel>(kernel);
}

void apply(SeparableConv2dStages &s, const PixelTile &t) {
    s.weights.set_host_alignment(16);
    const auto [block, each] = split_pixels(s, t);
    const Var own = stage(s.intermediate, s.x, s.y, s.c, s.output, block, t.block());
    s.depthwise.compute_at(s.intermediate, own).store_in(MemoryType::Register);
    s.depthwise.update().unroll(s.kw).unroll(s.kh);
    s.accumulator.compute_at(s.output, each)
        .store_in(MemoryType::Register)
        .reorder_storage(s.sub, s.oh);
    unroll_pixels(s.accumulator.reorder(s.sub, s.oh), s, t);
    unroll_pixels(s.accumulator.update().reorder(s.sub, s.oh, s.lane, s.ow, s.ic), s, t);
}

bool accepts(const Kernel &kernel, const Board &) {
    return std::holds_alternative<SeparableConv2dKernel>(kernel) && has_plain_layouts(kernel);
}

std::string illegal(const Kernel &kernel, const Schedule &schedule, const Board &board) {
    const SeparableConv2dKernel &conv = conv_of(kernel);
    const PixelTile t(schedule);
    if (t.vector < 1 || conv.oc % t.vector != 0)
        return "vector must divide " + std::to_string(conv.oc);
    return wrong_with(t, conv.depthwise, conv.oc / t.vector, conv.depthwise.ic, board);
}

double cycles(const Kernel &kernel, const Schedule &schedule, const Board &board) {
    const SeparableConv2dKernel &conv = conv_of(kernel);
    const ConvProblem &p = conv.depthwise;
    const PixelTile t(schedule);
    const double taps = p.kh * p.kw, vectors = (double)ceil_div(conv.oc / t.vector, t.threads_c);
    const double between = (double)p.ic * t.pixels() / t.threads();  // elements of a thread
    const double lanes = t.vector % 4 == 0 ? 4 : 1;
    Launch l;
    l.blocks =
        (double)ceil_div(p.ow, t.threads_ow) * ceil_div(p.oh, t.threads_oh * t.tile_oh) * p.mb;
    l.threads = t.threads();
    l.registers = t.vector * t.tile_oh + t.vector + t.tile_oh + 24;
    l.shared_bytes = 4 * p.ic * t.pixels();
    l.fmas = between * taps + vectors * p.ic * t.vector * t.tile_oh;
    l.loads = between * 2 * taps + vectors * p.ic * (t.tile_oh + t.vector / lanes);
    l.waits = between + vectors * p.ic / 2;
    const double input = 4.0 * p.mb * p.ic * p.ih * p.iw,
                 output = 4.0 * p.mb * conv.oc * p.oh * p.ow,
                 weights = 4.0 * (p.weight_count() + (double)p.ic * conv.oc);
    l.bytes = input + output + weights;
    l.l2_bytes = input * 1.5 + output + l.blocks * weights;
    return cycles_of(board, l);
}

std::vector<Schedule> candidates(const Kernel &kernel, const Board &board, Span) {
    const SeparableConv2dKernel &conv = conv_of(kernel);
    std::vector<int> vectors;
    for (const int vector : {1, 2, 4, 8, 16}) {
        if (conv.oc % vector == 0) vectors.push_back(vector);
    }
    return pixel_tiles("gpu_separable", conv.depthwise, vectors, conv.oc, conv.depthwise.ic, board);
}

ScheduledKernel build(const Kernel &kernel, const Schedule &schedule, const Board &) {
    SeparableConv2dStages stages = separable_conv2d(conv_of(kernel), schedule.at("vector"));
    apply(stages, PixelTile(schedule));
    return {stages.output, stages.arguments()};
}

}  // namespace

const Template separable = {"gpu_separable", 1, accepts, candidates, illegal, cycles, build};

}  // namespace convoy::gpu
