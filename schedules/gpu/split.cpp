#include "schedules/gpu/split.h"

#include "generators/grouped_conv2d.h"
#include "schedules/gpu/cost.h"
#include "schedules/gpu/register_tile.h"
#include "schedules/gpu/staging.h"

namespace convoy::gpu {

using namespace Halide;

namespace {

const Conv2dKernel &conv_of(const Kernel &kernel) {
    return std::get<Conv2dKernel>(kernel);
}

// A block's threads lie over columns, rows and parts of the input channels: channel i * parts + p
// is part p's, so that neighbours read neighbours' weights.
struct Tile {
    int tile_oc, threads_ow, threads_oh, parts;

    explicit Tile(const Schedule &s)
        : tile_oc(s.at("tile_oc")),
          threads_ow(s.at("threads_ow")),
          threads_oh(s.at("threads_oh")),
          parts(s.at("parts")) {}

    int threads() const { return threads_ow * threads_oh * parts; }
    int shared_bytes() const { return 4 * threads() * tile_oc; }
};

void apply(GroupedConv2dStages &s, const Tile &t) {
    Var owo("owo"), x("x"), oho("oho"), y("y"), oco("oco"), oci("oci"), plane("plane"),
        part("part"), channel("channel");
    s.weights.set_host_alignment(16);
    RVar each("each"), own("own");
    s.accumulator.update().split(s.ic, each, own, t.parts);
    Func partial = s.accumulator.update().rfactor(own, part);
    s.output.split(s.ow, owo, x, t.threads_ow)
        .split(s.oh, oho, y, t.threads_oh)
        .split(s.oc, oco, oci, t.tile_oc)
        .reorder(s.lane, oci, x, y, owo, oho, oco, s.group, s.image)
        .fuse(owo, oho, plane)
        .fuse(oco, s.group, channel)
        .unroll(oci)
        .gpu_blocks(plane, channel, s.image)
        .gpu_threads(x, y);
    s.accumulator.compute_at(s.output, oci).store_in(MemoryType::Register);

    Func shared = partial.in(s.accumulator);
    const Var innermost = stage(shared, s.ow, s.oh, part, s.output, plane,
                                {t.threads_ow, t.threads_oh, t.parts}, {s.oc});
    if (t.tile_oc > 1) shared.unroll(s.oc);
    partial.compute_at(shared, innermost)
        .store_in(MemoryType::Register)
        .reorder_storage(s.oc, s.ow);
    unroll_channels(partial.reorder(s.oc, s.ow), s.oc, t.tile_oc);
    auto update = partial.update();
    update.reorder(s.oc, s.lane, s.ow, s.oh, s.kw, s.kh, each);
    unroll_channels(update, s.oc, t.tile_oc);
    update.unroll(s.kw).unroll(s.kh);
}

bool accepts(const Kernel &kernel, const Board &) {
    const auto *conv = std::get_if<Conv2dKernel>(&kernel);
    return conv && has_plain_layouts(kernel) && conv->problem.ic_per_group() >= 32 &&
           conv->problem.kh * conv->problem.kw <= 25;
}

std::string illegal(const Kernel &kernel, const Schedule &schedule, const Board &board) {
    const ConvProblem &p = conv_of(kernel).problem;
    const Tile t(schedule);
    const auto within = [](int value, int limit) { return value >= 1 && value <= limit; };
    if (!accepts(kernel, board)) return "the layer has fewer than 32 input channels a group";
    if (!within(t.tile_oc, p.oc_per_group()) || t.tile_oc > 64)
        return "tile_oc must be 1.." + std::to_string(std::min(p.oc_per_group(), 64));
    if (!within(t.threads_ow, p.ow)) return "threads_ow must be 1.." + std::to_string(p.ow);
    if (!within(t.threads_oh, p.oh)) return "threads_oh must be 1.." + std::to_string(p.oh);
    if (t.parts < 2 || p.ic_per_group() % t.parts != 0)
        return "parts must be 2 or more and divide " + std::to_string(p.ic_per_group());
    if (t.threads() > board.gpu->threads_per_block)
        return "a block has at most " + std::to_string(board.gpu->threads_per_block) + " threads";
    if (!block_fits(*board.gpu, t.threads(), t.tile_oc))
        return "a block has " + std::to_string(board.gpu->registers_per_unit) + " registers";
    if (t.shared_bytes() > board.gpu->shared_bytes)
        return "a block has " + std::to_string(board.gpu->shared_bytes) + " bytes of shared memory";
    return "";
}

double cycles(const Kernel &kernel, const Schedule &schedule, const Board &board) {
    const ConvProblem &p = conv_of(kernel).problem;
    const Tile t(schedule);
    const double taps = p.kh * p.kw, steps = (double)p.ic_per_group() / t.parts * taps;
    const double pixels = t.threads_ow * t.threads_oh;
    Launch l;
    l.blocks = (double)ceil_div(p.ow, t.threads_ow) * ceil_div(p.oh, t.threads_oh) *
               ceil_div(p.oc_per_group(), t.tile_oc) * p.g * p.mb;
    l.threads = t.threads();
    l.registers = t.tile_oc * 2 + 24;
    l.shared_bytes = t.shared_bytes();
    l.fmas = steps * t.tile_oc;
    // Threads of several parts in a warp read other channels.
    const double parts_of_warp = std::clamp(warp_threads / pixels, 1.0, (double)t.parts);
    l.loads = steps * (std::min(parts_of_warp, 8.0) +
                       (double)t.tile_oc / lanes_of(t.tile_oc) * std::max(parts_of_warp / 8, 1.0)) +
              2.0 * t.tile_oc * (1 + t.parts / 4.0);
    l.waits = (double)p.ic_per_group() / t.parts + 2 + t.parts / 4.0;
    const double input = 4.0 * p.mb * p.ic * p.ih * p.iw, weights = 4.0 * p.weight_count(),
                 output = 4.0 * p.mb * p.oc * p.oh * p.ow;
    l.bytes = input + weights + output;
    l.l2_bytes = output + 4 * l.blocks * p.ic_per_group() *
                              (taps * t.tile_oc + std::max(pixels * p.sh * p.sw, taps));
    return cycles_of(board, l);
}

std::vector<Schedule> candidates(const Kernel &kernel, const Board &board, Span) {
    const ConvProblem &p = conv_of(kernel).problem;
    std::vector<Schedule> list;
    for (const int threads_ow : {1, 2, 4, 7, 8, 14, 16}) {
        for (const int threads_oh : {1, 2, 4, 7, 8, 14}) {
            for (const int parts : {2, 4, 8, 16, 32, 64, 128}) {
                for (const int tile_oc : {1, 2, 4, 8, 16}) {
                    if (p.oc_per_group() % tile_oc != 0) continue;
                    Schedule s{"gpu_split",
                               {{"tile_oc", tile_oc},
                                {"threads_ow", threads_ow},
                                {"threads_oh", threads_oh},
                                {"parts", parts}}};
                    if (Tile(s).threads() > 512) continue;
                    if (illegal(kernel, s, board).empty()) list.push_back(std::move(s));
                }
            }
        }
    }
    return list;
}

ScheduledKernel build(const Kernel &kernel, const Schedule &schedule, const Board &) {
    GroupedConv2dStages stages = grouped_conv2d(conv_of(kernel), schedule.at("tile_oc"));
    apply(stages, Tile(schedule));
    return {stages.output, stages.arguments()};
}

}  // namespace

const Template split = {"gpu_split", 1, accepts, candidates, illegal, cycles, build};

}  // namespace convoy::gpu
