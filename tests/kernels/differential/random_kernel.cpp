#include <algorithm>
#include <optional>

#include "generators/zero_padded.h"
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
    if (kind <= 20 || board.vector_floats == 1) return {};
    const int block = random.chance(60) ? board.vector_floats
                                        : 1 << random.between(1, board.vector_floats / 8 + 2);
    if (kind <= 60) return {block, 1};
    if (kind <= 70 && groups > 1 && channels % groups == 0) return {block, groups, true};
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

// Exact on integers.
const std::vector<std::string> exact_activations = {
    "none", "relu", "relu", "clip(0,6)", "clip(-7,60)", "leakyrelu(0.25)", "hardsigmoid(0.25,0.5)"};
const std::vector<std::string> rounded_activations = {"hardswish", "sigmoid", "silu",
                                                      "tanh",      "gelu",    "elu(1)"};

bool is_exact(const Activation &activation) {
    return std::find(exact_activations.begin(), exact_activations.end(), to_string(activation)) !=
           exact_activations.end();
}

Activation random_activation(Random &random) {
    const std::string text =
        random.one_of(random.chance(75) ? exact_activations : rounded_activations);
    return text == "none" ? Activation{} : parse_activation(text);
}

View view_of(Random &random, int mb, int c, int h, int w, const Layout &layout,
             const Board &board) {
    View view = make_view(mb, c, h, w, layout, board.vector_floats);
    // The flattened input of a fully connected layer has planes that are not read.
    if (layout.block == 1 && random.chance(10)) view.blocks += random.between(1, 5);
    return view;
}

// A convolution to oc channels in these layouts, with a random epilogue and halos.
template<typename K>
K with_views(Random &random, K kernel, const ConvProblem &p, int oc, const Layout &input,
             const Layout &output, const Board &board) {
    kernel.input = view_of(random, p.mb, p.ic, p.ih, p.iw, input, board);
    const Halo beyond = random_halo(random), needed = reach(p);
    kernel.input.halo = {needed.top + beyond.top, needed.left + beyond.left,
                         needed.bottom + beyond.bottom, needed.right + beyond.right};
    if constexpr (std::is_same_v<K, Conv2dKernel>) {
        const bool may_lack = p.g == 1 && input == Layout{} && output.block > 1;
        if (may_lack && random.chance(50)) kernel.input.halo = {};
    }
    kernel.output = make_view(p.mb, oc, p.oh, p.ow, output, board.vector_floats);
    if (random.chance(40)) {
        kernel.residual = kernel.output;
        if (random.chance(20)) kernel.combine = random.chance(50) ? Combine::mul : Combine::max;
        if (random.chance(20)) {
            const int h = random.chance(50) ? p.oh : 1;
            kernel.residual = make_view(1, oc, h, 1, output, board.vector_floats);
        }
        kernel.residual->halo = random_halo(random);
    }
    kernel.output.halo = random_halo(random);
    kernel.activation = random_activation(random);
    return kernel;
}

Kernel random_conv2d(Random &random, const Board &board) {
    std::optional<ConvProblem> problem;
    while (!problem) problem = random_problem(random);
    const ConvProblem &p = *problem;
    const Layout input = random_layout(random, p.ic, p.g, board);
    const Layout output = random.chance(50) && p.oc % input.groups == 0
                              ? input
                              : random_layout(random, p.oc, p.g, board);
    return with_views(random, Conv2dKernel{.problem = p}, p, p.oc, input, output, board);
}

// What winograd's templates take.
Kernel random_square(Random &random, const Board &board) {
    ConvProblem p;
    p.kh = p.kw = random.chance(60) ? 3 : random.between(2, 7);
    p.sh = p.sw = random.chance(75) ? 1 : 2;
    const int vector = board.vector_floats;
    const bool dense = random.chance(70);
    const auto channels = [&] {
        return dense ? channel_count(random, 64) : vector * random.between(1, 2);
    };
    p.mb = random.chance(85) ? 1 : 2;
    p.g = dense ? 1 : random.between(2, 4);
    p.ic = p.g * channels(), p.oc = p.g * channels();
    p.ph = random.between(0, 2), p.pw = random.between(0, 2);
    p.ph_end = random.between(0, 2), p.pw_end = random.between(0, 2);
    p.ih = random.between(p.kh, 20), p.iw = random.between(p.kw, 20);
    p.oh = output_extent(p.ih, p.kh, p.sh, 1, p.ph, p.ph_end);
    p.ow = output_extent(p.iw, p.kw, p.sw, 1, p.pw, p.pw_end);
    return with_views(random, Conv2dKernel{.problem = p}, p, p.oc, {vector}, {vector}, board);
}

int half_vector(const Board &board) {
    return std::max(board.vector_floats / 2, 1);
}

// What strassen takes.
Kernel random_pointwise(Random &random, const Board &board) {
    const int block = random.chance(50) ? board.vector_floats : half_vector(board);
    ConvProblem p;
    p.mb = random.between(1, 2), p.g = random.between(1, 2);
    p.ic = p.g * block * 2 * random.between(1, 3);
    p.oc = p.g * board.vector_floats * 2 * random.between(1, 3);
    p.kh = p.kw = 1;
    p.sh = random.between(1, 2), p.sw = random.between(1, 2);
    p.ih = random.between(1, 14), p.iw = random.between(1, 14);
    p.oh = output_extent(p.ih, 1, p.sh, 1, 0, 0);
    p.ow = output_extent(p.iw, 1, p.sw, 1, 0, 0);
    const Layout output{random.chance(50) ? board.vector_floats : half_vector(board)};
    return with_views(random, Conv2dKernel{.problem = p}, p, p.oc, {block}, output, board);
}

Layout random_block(Random &random, const Board &board) {
    return {random.chance(70) ? board.vector_floats : half_vector(board)};
}

Kernel random_separable(Random &random, const Board &board) {
    std::optional<ConvProblem> problem;
    while (!problem || problem->g != problem->ic || problem->g != problem->oc)
        problem = random_problem(random);
    SeparableConv2dKernel kernel{.depthwise = *problem, .oc = channel_count(random, 64)};
    kernel.middle = random.chance(50) ? Activation::relu() : Activation{};
    return with_views(random, kernel, *problem, kernel.oc, random_block(random, board),
                      random_block(random, board), board);
}

Kernel random_two_level(Random &random, const Board &board) {
    std::optional<ConvProblem> problem;
    const int multiple = half_vector(board);
    while (!problem || problem->ic_per_group() % multiple != 0 ||
           problem->oc_per_group() % multiple != 0)
        problem = random_problem(random);
    const ConvProblem &p = *problem;
    return with_views(random, TwoLevelConv2dKernel{.problem = p}, p, p.oc,
                      random_block(random, board), random_block(random, board), board);
}

Kernel random_channel_shuffle(Random &random, const Board &board) {
    const int groups = random.between(1, 16), c = groups * random.between(1, 16);
    const int mb = random.between(1, 2), h = random_extent(random), w = random_extent(random);
    const auto view = [&](const Layout &layout) {
        View made = make_view(mb, c, h, w, layout, board.vector_floats);
        made.halo = random_halo(random);
        return made;
    };
    const View input = view(random_layout(random, c, groups, board));
    return ChannelShuffleKernel{input, view(random_layout(random, c, groups, board)), groups};
}

// One entry a generator: a new one is tested when it has a line here and its kernel a `simpler`.
using MakeKernel = Kernel (*)(Random &random, const Board &board);
constexpr struct {
    int weight;
    MakeKernel make;
} makers[] = {
    {68, random_conv2d},   {10, random_square},   {5, random_pointwise},
    {6, random_separable}, {6, random_two_level}, {5, random_channel_shuffle},
};

bool is_accepted(const Kernel &kernel, const Board &board) {
    const std::vector<const Template *> templates = templates_for(board);
    return std::any_of(templates.begin(), templates.end(),
                       [&](const Template *t) { return t->accepts(kernel, board); });
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

double tolerance_of(const Kernel &kernel) {
    return std::visit(
        [](const auto &k) {
            if constexpr (requires { k.activation; }) return is_exact(k.activation) ? 0 : 1e-5;
            return 0.0;
        },
        kernel);
}

}  // namespace convoy
