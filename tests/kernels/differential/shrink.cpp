#include <algorithm>
#include <stdexcept>

#include "generators/zero_padded.h"
#include "tests/kernels/differential/trial.h"

namespace convoy {

namespace {

// Numbers between `least` and the value, the smallest first.
std::vector<int> smaller(int value, int least) {
    std::vector<int> numbers;
    for (const int number : {least, (value + least) / 2, value - 1}) {
        if (number >= least && number < value &&
            std::find(numbers.begin(), numbers.end(), number) == numbers.end())
            numbers.push_back(number);
    }
    return numbers;
}

// A layout over all groups of the convolution stays one.
View rebuilt(const View &view, int mb, int c, int h, int w, int old_groups, int groups,
             int vector) {
    Layout layout = view.layout;
    if (layout.groups == old_groups && layout.groups > 1) {
        layout.groups = groups;
        while (!layout.padded && layout.block > 1 && groups % layout.block != 0) layout.block /= 2;
        if (layout.block == 1 || groups == 1) layout = {layout.block};
    }
    View made = make_view(mb, c, h, w, layout, vector);
    made.halo = view.halo;
    return made;
}

// The convolution that reads the input.
template<typename K>
auto &problem_of(K &kernel) {
    if constexpr (requires { kernel.depthwise; })
        return kernel.depthwise;
    else
        return kernel.problem;
}

// Kernels of one or several convolutions: see with_views in random_kernel.cpp.
template<typename K>
class ConvSimplifier {
public:
    ConvSimplifier(const K &kernel, int vector) : kernel_(kernel), vector_(vector) {
        features();
        extents();
        channels();
        layouts();
    }
    std::vector<Kernel> list;

private:
    template<typename Change>
    void with(Change change) {
        K changed = kernel_;
        change(changed);
        if (!(changed == kernel_)) list.push_back(std::move(changed));
    }

    void features() {
        with([](K &k) { k.residual.reset(); });
        with([](K &k) { k.combine = Combine::add; });
        with([](K &k) { k.activation = {}; });
        with([](K &k) { k.output.halo = {}; });
        with([](K &k) {
            if (k.residual) k.residual->halo = {};
        });
        with([](K &k) {
            if constexpr (requires { k.middle; }) k.middle = {};
        });
        with([](K &k) {
            const ConvProblem &p = problem_of(k);
            k.input.halo = {p.ph, p.pw, p.ph_end, p.pw_end};
        });
        with([](K &k) {
            if (k.input.layout.block == 1) k.input.blocks = k.input.c;
        });
    }

    void set(int ConvProblem::*letter, int least) {
        for (const int value : smaller(problem_of(kernel_).*letter, least)) {
            ConvProblem p = problem_of(kernel_);
            p.*letter = value;
            reshape(p);
        }
    }

    void extents() {
        for (int ConvProblem::*letter : {&ConvProblem::mb, &ConvProblem::ih, &ConvProblem::iw,
                                         &ConvProblem::kh, &ConvProblem::kw, &ConvProblem::sh,
                                         &ConvProblem::sw, &ConvProblem::dh, &ConvProblem::dw})
            set(letter, 1);
        for (int ConvProblem::*letter :
             {&ConvProblem::ph, &ConvProblem::pw, &ConvProblem::ph_end, &ConvProblem::pw_end})
            set(letter, 0);
    }

    void channels() {
        const ConvProblem &p = problem_of(kernel_);
        const auto change = [&](int g, int ic, int oc) {
            ConvProblem changed = p;
            changed.g = g, changed.ic = g * ic, changed.oc = g * oc;
            reshape(changed);
        };
        const int ic = p.ic_per_group(), oc = p.oc_per_group();
        for (const int g : smaller(p.g, 1)) change(g, ic, oc);
        for (const int fewer : smaller(ic, 1)) change(p.g, fewer, oc);
        for (const int fewer : smaller(oc, 1)) change(p.g, ic, fewer);
        for (const int fewer : smaller(std::min(ic, oc), 1)) change(p.g, fewer, fewer);
        if constexpr (requires { kernel_.oc; }) {
            for (const int fewer : smaller(kernel_.oc, 1)) {
                with([&](K &k) {
                    k.oc = fewer;
                    set_outputs(k, k.output.layout);
                });
            }
        }
    }

    void layouts() {
        const ConvProblem &p = problem_of(kernel_);
        with([&](K &k) { relayout(k, p, {}, {}); });
        for (const int block : {8, 16}) {
            with([&](K &k) {
                relayout(k, p, k.input.layout.groups > 1 ? Layout{block, 1} : k.input.layout,
                         k.output.layout.groups > 1 ? Layout{block, 1} : k.output.layout);
            });
        }
    }

    void relayout(K &k, const ConvProblem &p, Layout input, Layout output) {
        k.input.layout = input;
        k.input = rebuilt(k.input, p.mb, p.ic, p.ih, p.iw, p.g, p.g, vector_);
        set_outputs(k, output);
        if constexpr (std::is_same_v<K, Conv2dKernel>) {
            if (lacks_reach(kernel_)) k.input.halo = reach(p);
        }
    }

    // The output and what is combined with it, for the kernel's problem; what was broadcast stays
    // so.
    void set_outputs(K &k, const Layout &layout) {
        const ConvProblem &p = problem_of(k);
        const int old_groups = problem_of(kernel_).g;
        int oc = p.oc;
        if constexpr (requires { k.oc; }) oc = k.oc;
        k.output.layout = layout;
        k.output = rebuilt(k.output, p.mb, oc, p.oh, p.ow, old_groups, p.g, vector_);
        if (!k.residual) return;
        const View &old = *k.residual;
        const auto extent = [](int was, int is) { return was == 1 ? 1 : is; };
        k.residual->layout = layout;
        k.residual = rebuilt(old, extent(old.mb, p.mb), oc, extent(old.h, p.oh),
                             extent(old.w, p.ow), old_groups, p.g, vector_);
    }

    // The same kernel for another problem; the input's halo grows or shrinks with the pads.
    void reshape(ConvProblem p) {
        p.oh = output_extent(p.ih, p.kh, p.sh, p.dh, p.ph, p.ph_end);
        p.ow = output_extent(p.iw, p.kw, p.sw, p.dw, p.pw, p.pw_end);
        if (p.oh < 1 || p.ow < 1) return;
        const ConvProblem &old = problem_of(kernel_);
        with([&](K &k) {
            problem_of(k) = p;
            const int extra_blocks =
                k.input.layout.block == 1 ? kernel_.input.blocks - kernel_.input.c : 0;
            k.input = rebuilt(k.input, p.mb, p.ic, p.ih, p.iw, old.g, p.g, vector_);
            k.input.blocks += extra_blocks;
            set_outputs(k, kernel_.output.layout);
            if constexpr (std::is_same_v<K, Conv2dKernel>) {
                if (lacks_reach(kernel_)) return;
            }
            Halo &halo = k.input.halo;
            halo.top += p.ph - old.ph, halo.left += p.pw - old.pw;
            const int rows = (p.oh - 1) * p.sh + (p.kh - 1) * p.dh + 1 - p.ih - p.ph;
            const int columns = (p.ow - 1) * p.sw + (p.kw - 1) * p.dw + 1 - p.iw - p.pw;
            halo.bottom = std::max(halo.bottom, rows);
            halo.right = std::max(halo.right, columns);
        });
    }

    const K &kernel_;
    const int vector_;
};

struct Simplifier {
    int vector;

    std::vector<Kernel> operator()(const Conv2dKernel &kernel) const {
        return ConvSimplifier(kernel, vector).list;
    }
    std::vector<Kernel> operator()(const SeparableConv2dKernel &kernel) const {
        return ConvSimplifier(kernel, vector).list;
    }
    std::vector<Kernel> operator()(const TwoLevelConv2dKernel &kernel) const {
        return ConvSimplifier(kernel, vector).list;
    }
    std::vector<Kernel> operator()(const ChannelShuffleKernel &kernel) const {
        std::vector<Kernel> list;
        const View &in = kernel.input;
        const auto add = [&](int groups, int mb, int c, int h, int w) {
            list.push_back(ChannelShuffleKernel{
                rebuilt(in, mb, c, h, w, kernel.groups, groups, vector),
                rebuilt(kernel.output, mb, c, h, w, kernel.groups, groups, vector), groups});
        };
        const int columns = in.c / kernel.groups;
        for (const int mb : smaller(in.mb, 1)) add(kernel.groups, mb, in.c, in.h, in.w);
        for (const int h : smaller(in.h, 1)) add(kernel.groups, in.mb, in.c, h, in.w);
        for (const int w : smaller(in.w, 1)) add(kernel.groups, in.mb, in.c, in.h, w);
        for (const int groups : smaller(kernel.groups, 1))
            add(groups, in.mb, groups * columns, in.h, in.w);
        for (const int fewer : smaller(columns, 1))
            add(kernel.groups, in.mb, kernel.groups * fewer, in.h, in.w);
        ChannelShuffleKernel plain = kernel;
        plain.input.halo = plain.output.halo = {};
        if (!(plain == kernel)) list.push_back(plain);
        return list;
    }
    // Kernels that are not drawn at random.
    template<typename K>
    std::vector<Kernel> operator()(const K &) const {
        return {};
    }
};

bool fits(const View &view) {
    const Layout &layout = view.layout;
    return layout.groups == 1 ||
           (view.c % layout.groups == 0 && (layout.padded || layout.groups % layout.block == 0));
}

bool fits(const Kernel &kernel) {
    return std::visit([](const auto &k) { return fits(k.input) && fits(k.output); }, kernel);
}

}  // namespace

std::string to_string(const Trial &trial) {
    return to_string(trial.kernel) + ": " + to_string(trial.schedule);
}

bool is_legal(const Trial &trial, const Board &board) {
    const Template &t = template_of(trial.schedule, board);
    if (!fits(trial.kernel) || !t.accepts(trial.kernel, board)) return false;
    try {
        return t.illegal(trial.kernel, trial.schedule, board).empty();
    } catch (const std::invalid_argument &) {  // one parameter calls for another that is missing
        return false;
    }
}

std::vector<Trial> simpler(const Trial &trial, const Board &board) {
    std::vector<Trial> list;
    for (Kernel &kernel : std::visit(Simplifier{board.vector_floats}, trial.kernel))
        list.push_back({std::move(kernel), trial.schedule});
    for (const auto &[name, value] : trial.schedule.parameters) {
        for (const int number : smaller(value, 0)) {
            list.push_back(trial);
            list.back().schedule.parameters[name] = number;
        }
    }
    return list;
}

Trial shrink(Trial trial, const Board &board, int limit,
             const std::function<bool(const Trial &)> &fails) {
    for (bool found = true; found && limit > 0;) {
        found = false;
        for (Trial &next : simpler(trial, board)) {
            if (!is_legal(next, board)) continue;
            if (limit-- == 0) break;
            if (!fails(next)) continue;
            trial = std::move(next);
            found = true;
            break;
        }
    }
    return trial;
}

}  // namespace convoy
