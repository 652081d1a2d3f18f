#include <algorithm>
#include <optional>

#include "tests/kernels/differential/trial.h"

namespace convoy {

namespace {

// Plain loops over this many multiply-adds take milliseconds.
constexpr int64_t most_macs = 300000, most_macs_of_large = 8000000;

struct Channels {
    int groups, ic_per_group, oc_per_group;
};

int channel_count(Random &random, int most) {
    for (;;) {
        const int count = random.chance(60) ? random.one_of({1, 2, 3, 4, 5, 7, 8, 12, 16, 17, 24,
                                                             30, 32, 48, 64, 116, 128, 232})
                                            : random.between(1, 100);
        if (count <= most) return count;
    }
}

Channels random_channels(Random &random) {
    const int kind = random.between(1, 100);
    if (kind <= 45) return {1, channel_count(random, 232), channel_count(random, 232)};
    if (kind <= 58) return {channel_count(random, 232), 1, 1};
    if (kind <= 65) return {channel_count(random, 64), 1, random.between(2, 4)};
    const int groups = random.chance(60) ? random.one_of({2, 4, 8, 16, 32}) : random.between(2, 40);
    // Whole vectors in each group, or few channels.
    const int most = std::max(1, 256 / groups);
    const int ic = random.chance(30) ? random.one_of({8, 16}) : channel_count(random, 32);
    const int oc = random.chance(50)   ? ic
                   : random.chance(30) ? random.one_of({8, 16, 32})
                                       : channel_count(random, 32);
    return {groups, std::min(ic, most), std::min(oc, most)};
}

int kernel_extent(Random &random) {
    const int kind = random.between(1, 100);
    return kind <= 30 ? 1 : kind <= 70 ? 3 : random.between(2, kind <= 95 ? 7 : 11);
}

int random_pad(Random &random, int window) {
    if (random.chance(40)) return (window - 1) / 2;
    return random.chance(80) ? random.between(0, window - 1) : random.between(0, window + 1);
}

int random_extent(Random &random) {
    const int kind = random.between(1, 100);
    return kind <= 10 ? 1 : kind <= 85 ? random.between(2, 20) : random.between(1, 40);
}

// Empty where no output is left or the plain loops would take long.
std::optional<ConvProblem> random_problem(Random &random) {
    ConvProblem p;
    const Channels channels = random_channels(random);
    p.mb = random.chance(85) ? 1 : random.between(2, 4);
    p.g = channels.groups;
    p.ic = channels.groups * channels.ic_per_group;
    p.oc = channels.groups * channels.oc_per_group;
    const bool square = random.chance(60);
    p.kh = kernel_extent(random);
    p.kw = square ? p.kh : kernel_extent(random);
    p.sh = random.chance(60) ? 1 : random.one_of({2, 2, 2, 3, 4});
    p.sw = random.chance(80) ? p.sh : random.between(1, 3);
    p.dh = random.chance(85) ? 1 : random.between(2, 3);
    p.dw = random.chance(85) ? p.dh : random.between(1, 3);
    const int window_h = (p.kh - 1) * p.dh + 1, window_w = (p.kw - 1) * p.dw + 1;
    p.ph = random_pad(random, window_h), p.pw = random_pad(random, window_w);
    p.ph_end = random.chance(60) ? p.ph : random_pad(random, window_h);
    p.pw_end = random.chance(60) ? p.pw : random_pad(random, window_w);
    p.ih = random_extent(random);
    p.iw = square && random.chance(50) ? p.ih : random_extent(random);
    const bool large = random.chance(1);
    if (large) p.ih = random.between(20, 100), p.iw = random.between(20, 512);
    p.oh = output_extent(p.ih, p.kh, p.sh, p.dh, p.ph, p.ph_end);
    p.ow = output_extent(p.iw, p.kw, p.sw, p.dw, p.pw, p.pw_end);
    if (p.oh < 1 || p.ow < 1) return {};
    if (p.macs() > (large ? most_macs_of_large : most_macs)) return {};
    return p;
}

Layout random_layout(Random &random, int channels, int groups, const Board &board) {
    const int kind = random.between(1, 100);
    if (kind <= 20) return {};
    const int block = random.chance(60) ? board.vector_floats
                                        : 1 << random.between(1, board.vector_floats / 8 + 2);
    if (kind <= 65) return {block, 1};
    // Interleaved over the convolution's groups, or over some neighbour's.
    const int over = kind <= 90 && groups > 1 ? groups : block * random.between(1, 4);
    if (over < 2 || channels % over != 0) return {};
    int lanes = block;
    while (over % lanes != 0) lanes /= 2;
    return lanes > 1 ? Layout{lanes, over} : Layout{};
}

Halo random_halo(Random &random) {
    if (random.chance(60)) return {};
    return {random.between(0, 3), random.between(0, 3), random.between(0, 3), random.between(0, 3)};
}

// Rows or columns after the input that the last window reads: fewer than the pads where the stride
// leaves some out.
int end_needed(int o, int k, int s, int d, int i, int pad) {
    return std::max(0, (o - 1) * s + (k - 1) * d + 1 - i - pad);
}

Activation random_activation(Random &random) {
    switch (random.between(0, 2)) {
        case 0:
            return {};
        case 1:
            return Activation::relu();
        default:
            return Activation::clip((float)-random.between(0, 6), (float)random.between(1, 60));
    }
}

View view_of(Random &random, int mb, int c, int h, int w, const Layout &layout,
             const Board &board) {
    View view = make_view(mb, c, h, w, layout, board.vector_floats);
    // The flattened input of a fully connected layer has planes that are not read.
    if (layout.block == 1 && random.chance(10)) view.blocks += random.between(1, 5);
    return view;
}

Conv2dKernel random_conv2d(Random &random, const Board &board) {
    std::optional<ConvProblem> problem;
    while (!problem) problem = random_problem(random);
    const ConvProblem &p = *problem;
    Conv2dKernel kernel{.problem = p};

    const Layout input = random_layout(random, p.ic, p.g, board);
    const Layout output = random.chance(50) && p.oc % input.groups == 0
                              ? input
                              : random_layout(random, p.oc, p.g, board);
    kernel.input = view_of(random, p.mb, p.ic, p.ih, p.iw, input, board);
    const Halo beyond = random_halo(random);
    kernel.input.halo = {p.ph + beyond.top, p.pw + beyond.left,
                         end_needed(p.oh, p.kh, p.sh, p.dh, p.ih, p.ph) + beyond.bottom,
                         end_needed(p.ow, p.kw, p.sw, p.dw, p.iw, p.pw) + beyond.right};
    kernel.output = make_view(p.mb, p.oc, p.oh, p.ow, output, board.vector_floats);
    if (random.chance(40)) {
        kernel.residual = kernel.output;
        kernel.residual->halo = random_halo(random);
    }
    kernel.output.halo = random_halo(random);
    kernel.activation = random_activation(random);
    return kernel;
}

// One entry a generator: a new one is tested when it has a line here and its kernel a `simpler`.
using MakeKernel = Kernel (*)(Random &random, const Board &board);
constexpr struct {
    int weight;
    MakeKernel make;
} makers[] = {
    {1, [](Random &random, const Board &board) -> Kernel { return random_conv2d(random, board); }},
};

bool is_reference(const Template &t) {
    return t.name == std::string("reference");
}

bool is_accepted(const Kernel &kernel, const Board &board) {
    const std::vector<const Template *> templates = templates_for(board);
    return std::any_of(templates.begin(), templates.end(),
                       [&](const Template *t) { return t->accepts(kernel, board); });
}

// One parameter changed to any value that stays legal.
Schedule neighbour(Trial trial, Random &random, const Board &board) {
    for (int tries = 0; tries < 8; tries++) {
        Trial changed = trial;
        auto parameter = changed.schedule.parameters.begin();
        std::advance(parameter, random.between(0, (int)changed.schedule.parameters.size() - 1));
        parameter->second = random.between(0, 16);
        if (is_legal(changed, board)) return changed.schedule;
    }
    return trial.schedule;
}

}  // namespace

Kernel random_kernel(Random &random, const Board &board) {
    int all = 0;
    for (const auto &maker : makers) all += maker.weight;
    for (;;) {
        int at = random.between(0, all - 1);
        const auto *maker = makers;
        while (at >= maker->weight) at -= (maker++)->weight;
        Kernel kernel = maker->make(random, board);
        if (is_accepted(kernel, board)) return kernel;
    }
}

std::vector<Trial> random_trials(const Kernel &kernel, Random &random, const Board &board) {
    constexpr int reference_percent = 30;
    std::vector<Trial> trials;
    for (const Template *t : templates_for(board)) {
        if (!t->accepts(kernel, board)) continue;
        if (is_reference(*t) && !trials.empty() && !random.chance(reference_percent)) continue;
        const std::vector<Schedule> candidates = t->candidates(kernel, board);
        if (candidates.empty()) continue;
        Trial trial{kernel, random.one_of(candidates)};
        if (random.chance(50)) trial.schedule = neighbour(trial, random, board);
        trials.push_back(std::move(trial));
    }
    return trials;
}

double tolerance_of(const Trial &) {
    return 0;
}

}  // namespace convoy
