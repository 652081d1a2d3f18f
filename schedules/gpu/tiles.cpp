#include "schedules/gpu/tiles.h"

#include <set>

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

// A block's threads lie over columns, rows and channels: those of one group, or one each of several
// groups where tile_oc is all that a group has.
struct Tile {
    int tile_oh, tile_oc, threads_ow, threads_oh, threads_c, unroll_ic;
    bool stages_input, stages_weights;

    explicit Tile(const Schedule &s)
        : tile_oh(s.at("tile_oh")),
          tile_oc(s.at("tile_oc")),
          threads_ow(s.at("threads_ow")),
          threads_oh(s.at("threads_oh")),
          threads_c(s.at("threads_c")),
          unroll_ic(s.at("unroll_ic")),
          stages_input(s.at("stage_input") != 0),
          stages_weights(s.at("stage_weights") != 0) {}

    int threads() const { return threads_ow * threads_oh * threads_c; }
    bool is_whole_group(const ConvProblem &p) const { return tile_oc == p.oc_per_group(); }
    int groups(const ConvProblem &p) const { return is_whole_group(p) ? threads_c : 1; }
    int channels(const ConvProblem &p) const {
        return is_whole_group(p) ? tile_oc : tile_oc * threads_c;
    }
    // Of the input and the weights that a block reads.
    int64_t input_floats(const ConvProblem &p) const {
        return int64_t{p.ic_per_group()} * groups(p) *
               ((threads_ow - 1) * p.sw + (p.kw - 1) * p.dw + 1) *
               ((threads_oh * tile_oh - 1) * p.sh + (p.kh - 1) * p.dh + 1);
    }
    int64_t weight_floats(const ConvProblem &p) const {
        return int64_t{p.ic_per_group()} * groups(p) * channels(p) * p.kh * p.kw;
    }
    int64_t shared_bytes(const ConvProblem &p) const {
        return 4 * ((stages_input ? input_floats(p) : 0) + (stages_weights ? weight_floats(p) : 0));
    }
};

bool unrolls_taps(const ConvProblem &p, const Tile &t) {
    return p.kh * p.kw * t.tile_oh * t.tile_oc <= 640;
}

void apply(GroupedConv2dStages &s, const ConvProblem &p, const Tile &t) {
    Var owo("owo"), x("x"), oho("oho"), oht("oht"), y("y"), ohi("ohi"), oco("oco"), oci("oci"),
        z("z"), plane("plane"), channel("channel");
    s.output.split(s.ow, owo, x, t.threads_ow)
        .split(s.oh, oho, oht, t.threads_oh * t.tile_oh)
        .split(oht, y, ohi, t.tile_oh);
    if (t.is_whole_group(p)) {
        s.output.split(s.group, oco, z, t.threads_c)
            .reorder(s.lane, ohi, s.oc, x, y, z, owo, oho, oco, s.image)
            .fuse(owo, oho, plane)
            .unroll(s.oc);
        channel = oco;
    } else {
        Var oct("oct");
        s.output.split(s.oc, oco, oct, t.threads_c * t.tile_oc)
            .split(oct, z, oci, t.tile_oc)
            .reorder(s.lane, ohi, oci, x, y, z, owo, oho, oco, s.group, s.image)
            .fuse(owo, oho, plane)
            .fuse(oco, s.group, channel)
            .unroll(oci);
    }
    s.output.unroll(ohi).gpu_blocks(plane, channel, s.image).gpu_threads(x, y, z);

    s.weights.set_host_alignment(16);
    const auto unroll_tile = [&](auto &&stage) {
        unroll_channels(stage, s.oc, t.tile_oc);
        if (t.tile_oh > 1) stage.unroll(s.oh);
    };
    s.accumulator.compute_at(s.output, x)
        .store_in(MemoryType::Register)
        .reorder_storage(s.oc, s.oh);
    unroll_tile(s.accumulator.reorder(s.oc, s.oh));
    auto update = s.accumulator.update();
    update.reorder(s.oc, s.oh, s.lane, s.ow, s.kw, s.kh, s.ic);
    unroll_tile(update);
    if (unrolls_taps(p, t)) update.unroll(s.kw).unroll(s.kh);
    if (t.unroll_ic > 1) {
        RVar outer("ic_outer"), inner("ic_inner");
        update.split(s.ic, outer, inner, t.unroll_ic).unroll(inner);
    }

    const Threads threads{t.threads_ow, t.threads_oh, t.threads_c};
    if (t.stages_input) stage_copy(s.input.in(s.accumulator), s.output, plane, threads);
    if (t.stages_weights) stage_copy(s.weights.in(s.accumulator), s.output, plane, threads);
}

bool accepts(const Kernel &kernel, const Board &) {
    const auto *conv = std::get_if<Conv2dKernel>(&kernel);
    return conv && has_plain_layouts(kernel);
}

std::string illegal(const Kernel &kernel, const Schedule &schedule, const Board &board) {
    const ConvProblem &p = conv_of(kernel).problem;
    const Tile t(schedule);
    const auto within = [](int value, int limit) { return value >= 1 && value <= limit; };
    if (!within(t.tile_oc, p.oc_per_group()))
        return "tile_oc must be 1.." + std::to_string(p.oc_per_group());
    const int channels = t.is_whole_group(p) ? p.g : p.oc_per_group() / t.tile_oc;
    if (!within(t.threads_c, channels)) return "threads_c must be 1.." + std::to_string(channels);
    if (!within(t.threads_ow, p.ow)) return "threads_ow must be 1.." + std::to_string(p.ow);
    if (t.tile_oh < 1 || !within(t.threads_oh, p.oh / t.tile_oh))
        return "threads_oh x tile_oh must be 1.." + std::to_string(p.oh);
    // Halide packs two stages without a gap and still takes vectors in the second to be aligned.
    if (t.stages_input && t.stages_weights)
        return "stage_input and stage_weights exclude each other";
    if (t.unroll_ic < 1 || p.ic_per_group() % t.unroll_ic != 0)
        return "unroll_ic must divide " + std::to_string(p.ic_per_group());
    if (t.threads() > board.gpu->threads_per_block)
        return "a block has at most " + std::to_string(board.gpu->threads_per_block) + " threads";
    if (t.tile_oh * t.tile_oc > board.gpu->registers_per_thread / 2)
        return "the tile exceeds the " + std::to_string(board.gpu->registers_per_thread) +
               " registers of a thread";
    if (!block_fits(*board.gpu, t.threads(), t.tile_oh * t.tile_oc))
        return "a block has " + std::to_string(board.gpu->registers_per_unit) + " registers";
    if (t.shared_bytes(p) > board.gpu->shared_bytes)
        return "a block has " + std::to_string(board.gpu->shared_bytes) + " bytes of shared memory";
    return "";
}

double cycles(const Kernel &kernel, const Schedule &schedule, const Board &board) {
    const ConvProblem &p = conv_of(kernel).problem;
    const Tile t(schedule);
    const int ic = p.ic_per_group(), taps = p.kh * p.kw;
    Launch l;
    l.blocks = (double)ceil_div(p.ow, t.threads_ow) * ceil_div(p.oh, t.threads_oh * t.tile_oh) *
               (t.is_whole_group(p) ? (double)ceil_div(p.g, t.threads_c)
                                    : (double)ceil_div(p.oc_per_group(), t.channels(p)) * p.g) *
               p.mb;
    l.threads = t.threads();
    const bool unrolled = unrolls_taps(p, t);
    // Rows overlap where taps are unrolled.
    const double rows = unrolled ? (t.tile_oh - 1) * p.sh + p.kh : t.tile_oh * p.kh;
    // A warp's loads of columns that lie apart, or of several rows, take more than a cycle.
    const double lines = std::clamp((double)warp_threads / t.threads_ow * 0.5, 1.0, 4.0) * p.sw;
    const double input_loads = ic * rows * p.kw * lines;
    // All threads of one z read the same weights.
    const double readers =
        std::clamp((double)warp_threads / (t.threads_ow * t.threads_oh), 1.0, (double)t.threads_c);
    const double weight_loads = ic * taps * t.tile_oc / lanes_of(t.tile_oc) * readers;
    l.fmas = (double)ic * taps * t.tile_oh * t.tile_oc;
    l.loads =
        input_loads + weight_loads + t.tile_oh * t.tile_oc * (conv_of(kernel).residual ? 2 : 1);
    l.registers =
        t.tile_oh * t.tile_oc + (unrolled ? (int)rows * p.kw : t.tile_oh) + t.tile_oc + 20;
    l.waits = unrolled ? (double)ic / t.unroll_ic : (double)ic * taps;
    l.shared_bytes = (int)t.shared_bytes(p);
    const double staged =
        (t.stages_input ? t.input_floats(p) : 0) + (t.stages_weights ? t.weight_floats(p) : 0);
    if (staged > 0) {
        l.loads += 2 * staged / l.threads;
        l.waits += 2 + staged / l.threads / 8 - 0.4 * l.waits;
    }
    const double input = 4.0 * p.mb * p.ic * p.ih * p.iw, weights = 4.0 * p.weight_count(),
                 output = 4.0 * p.mb * p.oc * p.oh * p.ow;
    l.bytes = input + weights + output * (conv_of(kernel).residual ? 2 : 1);
    l.l2_bytes = output + 4 * l.blocks * (t.input_floats(p) + t.weight_floats(p));
    return cycles_of(board, l);
}

// Lengths of a dimension's tiles that waste at most a quarter of what the threads compute.
std::vector<int> lengths(int extent, const std::vector<int> &wanted, int limit) {
    std::set<int> list;
    for (const int length : wanted) {
        if (length <= std::min(extent, limit) &&
            4 * extent >= 3 * (int)ceil_div(extent, length) * length)
            list.insert(length);
    }
    if (list.empty()) list.insert(1);
    return {list.begin(), list.end()};
}

// Loops have instructions of their own: short ones are unrolled.
int unroll_ic(const ConvProblem &p, int tile) {
    for (const int channels : {8, 4, 2}) {
        if (p.ic_per_group() % channels == 0 && channels * tile * p.kh * p.kw <= 192)
            return channels;
    }
    return 1;
}

std::vector<Schedule> candidates(const Kernel &kernel, const Board &board, Span) {
    const ConvProblem &p = conv_of(kernel).problem;
    const int oc = p.oc_per_group();
    std::vector<Schedule> list;
    std::set<int> channels = {1, 2, 3, 4, 6, 8, 12, 16};
    if (oc <= 32) channels.insert(oc);
    const std::vector<int> columns =
        lengths(p.ow, {1, 2, 4, 7, 8, 14, 16, 28, 32, 49, 56, 64, p.ow, (p.ow + 1) / 2}, 64);
    for (const int threads_ow : columns) {
        for (const int tile_oh : lengths(p.oh, {1, 2, 4, 7, 8}, 8)) {
            for (const int threads_oh :
                 lengths((int)ceil_div(p.oh, tile_oh), {1, 2, 4, 7, 8, 14}, 16)) {
                for (const int tile_oc : channels) {
                    if (oc % tile_oc != 0) continue;
                    for (const int threads_c : {1, 2, 4, 8, 16, 32, 64}) {
                        for (const int stages : {0, 1, 2}) {
                            Schedule s{"gpu_tiles",
                                       {{"tile_oh", tile_oh},
                                        {"tile_oc", tile_oc},
                                        {"threads_ow", threads_ow},
                                        {"threads_oh", threads_oh},
                                        {"threads_c", threads_c},
                                        {"unroll_ic", unroll_ic(p, tile_oh * tile_oc)},
                                        {"stage_input", stages & 1},
                                        {"stage_weights", stages >> 1}}};
                            const Tile t(s);
                            if (t.threads() > 512 || tile_oh * tile_oc > 64) continue;
                            if (illegal(kernel, s, board).empty()) list.push_back(std::move(s));
                        }
                    }
                }
            }
        }
    }
    return list;
}

ScheduledKernel build(const Kernel &kernel, const Schedule &schedule, const Board &) {
    GroupedConv2dStages stages = grouped_conv2d(conv_of(kernel), schedule.at("tile_oc"));
    apply(stages, conv_of(kernel).problem, Tile(schedule));
    return {stages.output, stages.arguments()};
}

}  // namespace

const Template tiles = {"gpu_tiles", 1, accepts, candidates, illegal, cycles, build};

}  // namespace convoy::gpu
