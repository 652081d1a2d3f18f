// fused_bench [--board=NAME] [--layers=FILE] [--schedules=N]
//
// Times fused convolutions beside the kernels they are compared with, on one thread and in turns: a
// separable convolution beside its depthwise and pointwise kernels, a two-level convolution beside
// the grouped convolution in it, without Winograd as the fused kernel is. Every kernel runs under
// the schedule that would be tried first;
// --schedules=N times the fused one's first N. Prints the fastest times in microseconds, and
// measured and predicted ratios.

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <memory>
#include <sstream>
#include <stdexcept>

#include "schedules/choose.h"
#include "tests/kernels/jit/jit_kernel.h"

namespace convoy {
namespace {

struct Options {
    std::string board = "host";
    std::string layers = CONVOY_LAYERS_FILE;
    int schedules = 1;
};

Options parse_options(int argc, char **argv) {
    Options options;
    for (int i = 1; i < argc; i++) {
        const std::string argument = argv[i];
        const auto value = [&](const std::string &prefix) {
            return argument.substr(prefix.size());
        };
        if (argument.starts_with("--board=")) {
            options.board = value("--board=");
        } else if (argument.starts_with("--layers=")) {
            options.layers = value("--layers=");
        } else if (argument.starts_with("--schedules=")) {
            options.schedules = std::stoi(value("--schedules="));
        } else {
            throw std::invalid_argument("unknown argument '" + argument +
                                        "', expected --board=NAME, --layers=FILE or --schedules=N");
        }
    }
    return options;
}

// What is timed as one: kernels in a row, each reading what the one before wrote.
struct Chain {
    std::vector<std::pair<Kernel, RankedSchedule>> kernels;

    double predicted_us(const Board &board) const {
        double cycles = 0;
        for (const auto &[kernel, ranked] : kernels) cycles += ranked.cycles;
        return cycles / (board.clock_ghz * 1e3);
    }
};

class Runner {
public:
    Runner(const Chain &chain, const Board &board) {
        const View &input = input_view(chain.kernels.front().first);
        memory_.emplace_back(input.floats() + 64, 0.5f);
        for (const auto &[kernel, ranked] : chain.kernels) {
            memory_.emplace_back(output_view(kernel).floats() + 64, 0.0f);
            std::vector<float> &from = memory_[memory_.size() - 2], &to = memory_.back();
            compiled_.push_back(std::make_unique<JitKernel>(kernel, ranked.schedule, board));
            std::vector<float *> pointers = {from.data() + input_offset(kernel)};
            for (auto &constant : pack_constants(kernel, ranked.schedule, filler_, filler_)) {
                constants_.push_back(std::make_unique<std::vector<float>>(std::move(constant)));
                pointers.push_back(constants_.back()->data());
            }
            pointers.push_back(to.data() + output_offset(kernel));
            calls_.push_back(std::make_unique<JitCall>(*compiled_.back(), pointers));
        }
    }

    // Microseconds of one run, averaged over `us` or more.
    double time(double us) {
        using Clock = std::chrono::steady_clock;
        const Clock::time_point start = Clock::now();
        for (int runs = 1;; runs++) {
            for (auto &call : calls_) (*call)();
            const std::chrono::duration<double, std::micro> spent = Clock::now() - start;
            if (spent.count() >= us) return spent.count() / runs;
        }
    }

private:
    const std::vector<float> filler_ = std::vector<float>(1 << 22, 0.25f);
    std::vector<std::vector<float>> memory_;
    std::vector<std::unique_ptr<std::vector<float>>> constants_;
    std::vector<std::unique_ptr<JitKernel>> compiled_;
    std::vector<std::unique_ptr<JitCall>> calls_;
};

// The fastest time of each chain, taken in turns: other work on the machine only adds.
std::vector<double> fastest(const std::vector<Chain> &chains, const Board &board) {
    std::vector<std::unique_ptr<Runner>> runners;
    for (const Chain &chain : chains) runners.push_back(std::make_unique<Runner>(chain, board));
    std::vector<double> best(chains.size(), 1e18);
    for (int turn = 0; turn < 200; turn++) {
        for (size_t c = 0; c < chains.size(); c++)
            best[c] = std::min(best[c], runners[c]->time(300));
    }
    return best;
}

struct Comparison {
    std::string name;
    Chain separate;
    Kernel fused;
};

void set_views(auto &kernel, const ConvProblem &p, int oc, const Layout &layout, int vector) {
    kernel.input = make_view(p.mb, p.ic, p.ih, p.iw, layout, vector);
    kernel.input.halo = {p.ph, p.pw, p.ph_end, p.pw_end};
    kernel.output = make_view(p.mb, oc, p.oh, p.ow, layout, vector);
    kernel.activation = Activation::relu();
}

class Layers {
public:
    Layers(const Board &board, const Records &records) : board_(board), records_(records) {}

    std::vector<RankedSchedule> ranked(const Kernel &kernel, size_t count) const {
        const auto list = rank_schedules(kernel, board_, records_, count, {.winograd = false});
        if (list.empty())
            throw std::invalid_argument(to_string(kernel) + ": no schedule for its layouts");
        return {list.begin(), list.begin() + std::min(count, list.size())};
    }

    Comparison separable(const std::string &line, const ConvProblem &p, int oc) const {
        const Layout layout{board_.vector_floats};
        SeparableConv2dKernel fused{.depthwise = p, .oc = oc, .middle = Activation::relu()};
        set_views(fused, p, oc, layout, board_.vector_floats);
        Conv2dKernel depthwise{.problem = p}, pointwise{.problem = fused.pointwise()};
        set_views(depthwise, p, p.oc, layout, board_.vector_floats);
        set_views(pointwise, pointwise.problem, oc, layout, board_.vector_floats);
        return {line, {{first(depthwise), first(pointwise)}}, fused};
    }

    // Beside the grouped convolution in the layout that suits it best.
    Comparison two_level(const std::string &line, const ConvProblem &p) const {
        TwoLevelConv2dKernel fused{.problem = p};
        set_views(fused, p, p.oc, Layout{board_.vector_floats}, board_.vector_floats);
        std::vector<Layout> layouts = {Layout{board_.vector_floats}};
        for (int lanes = 8; lanes <= board_.vector_floats; lanes *= 2) {
            if (p.g % lanes == 0) layouts.push_back({lanes, p.g});
        }
        Chain best;
        for (const Layout &layout : layouts) {
            Conv2dKernel grouped{.problem = p};
            set_views(grouped, p, p.oc, layout, board_.vector_floats);
            const Chain chain{{first(grouped)}};
            if (best.kernels.empty() || chain.predicted_us(board_) < best.predicted_us(board_))
                best = chain;
        }
        return {line, best, fused};
    }

    Comparison parse(const std::string &line) const {
        std::istringstream words(line);
        std::string kind, problem, oc;
        words >> kind >> problem >> oc;
        if (kind == "two_level" && oc.empty()) return two_level(line, parse_conv_problem(problem));
        if (kind == "separable" && oc.starts_with("oc") && oc.size() > 2)
            return separable(line, parse_conv_problem(problem), std::stoi(oc.substr(2)));
        throw std::invalid_argument("'" + line + "' is not 'separable PROBLEM ocN' or " +
                                    "'two_level PROBLEM'");
    }

private:
    std::pair<Kernel, RankedSchedule> first(const Kernel &kernel) const {
        return {kernel, ranked(kernel, 1).front()};
    }

    const Board &board_;
    const Records &records_;
};

void run(int argc, char **argv) {
    const Options options = parse_options(argc, argv);
    // Halide's thread pool reads it when the first kernel runs.
    setenv("HL_NUM_THREADS", "1", 1);
    const Board board = load_board(options.board);
    const Records records = load_records(
        board,
        {{}, [](const std::string &text) { std::fprintf(stderr, "warning: %s\n", text.c_str()); }});
    const Layers layers(board, records);
    std::ifstream stream(options.layers);
    if (!stream) throw std::invalid_argument(options.layers + ": cannot be read");
    std::printf("%-44s %10s %10s %9s %9s  %s\n", "layer", "apart us", "fused us", "ratio",
                "predicted", "schedule");
    for (std::string line; std::getline(stream, line);) {
        if (line.empty() || line[0] == '#') continue;
        const Comparison compared = layers.parse(line);
        std::vector<Chain> chains = {compared.separate};
        for (const RankedSchedule &r : layers.ranked(compared.fused, options.schedules))
            chains.push_back({{{compared.fused, r}}});
        const std::vector<double> us = fastest(chains, board);
        for (size_t c = 1; c < chains.size(); c++) {
            std::printf("%-44s %10.1f %10.1f %9.3f %9.3f  %s\n", line.c_str(), us[0], us[c],
                        us[0] / us[c],
                        chains[0].predicted_us(board) / chains[c].predicted_us(board),
                        to_string(chains[c].kernels.front().second.schedule).c_str());
        }
        std::fflush(stdout);
    }
}

}  // namespace
}  // namespace convoy

int main(int argc, char **argv) {
    try {
        convoy::run(argc, argv);
    } catch (const std::exception &error) {
        std::cerr << "fused_bench: " << error.what() << "\n";
        return 1;
    }
}
