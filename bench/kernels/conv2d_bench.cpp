// conv2d_bench [--board=NAME] [--layers=FILE] [--template=NAME] [--schedules=N] [--benchmark_...]
//
// Times the convolutions of a layer file, a problem descriptor a line, on one thread: each in the
// layouts it would have in a network and in nchw, under the N schedules (1) that would be tried
// first, of one template or of all. A row's counters are GFLOP/s (2 a multiply-add) and the
// percentage of the board's peak.

#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <limits>
#include <memory>
#include <stdexcept>

#include "schedules/choose.h"
#include "tests/kernels/jit/jit_kernel.h"

namespace convoy {
namespace {

struct Options {
    std::string board = "host";
    std::string layers = CONVOY_LAYERS_FILE;
    std::string only_template, schedules = "1";
};

Options parse_options(int argc, char **argv) {
    Options options;
    const std::pair<std::string, std::string *> known[] = {{"--board=", &options.board},
                                                           {"--layers=", &options.layers},
                                                           {"--template=", &options.only_template},
                                                           {"--schedules=", &options.schedules}};
    for (int i = 1; i < argc; i++) {
        const std::string argument = argv[i];
        bool is_known = false;
        for (const auto &[prefix, value] : known) {
            if (!argument.starts_with(prefix)) continue;
            *value = argument.substr(prefix.size());
            is_known = true;
        }
        if (!is_known) {
            throw std::invalid_argument(
                "unknown argument '" + argument +
                "', expected --board=NAME, --layers=FILE, --template=NAME or "
                "--schedules=N");
        }
    }
    return options;
}

// Lines that are empty or start with # are skipped.
std::vector<ConvProblem> read_layers(const std::string &file) {
    std::ifstream stream(file);
    if (!stream) throw std::invalid_argument(file + ": cannot be read");
    std::vector<ConvProblem> layers;
    for (std::string line; std::getline(stream, line);) {
        if (!line.empty() && line[0] != '#') layers.push_back(parse_conv_problem(line));
    }
    return layers;
}

Conv2dKernel kernel_of(const ConvProblem &p, const Layout &layout, const Board &board) {
    Conv2dKernel kernel{.problem = p, .activation = Activation::relu()};
    kernel.input = make_view(p.mb, p.ic, p.ih, p.iw, layout, board.vector_floats);
    kernel.input.halo = {p.ph, p.pw, p.ph_end, p.pw_end};
    kernel.output = make_view(p.mb, p.oc, p.oh, p.ow, layout, board.vector_floats);
    return kernel;
}

// Blocked by whole vectors, for grouped convolutions interleaved over as many lanes as divide the
// groups, and nchw.
std::vector<Layout> layouts_of(const ConvProblem &p, const Board &board) {
    std::vector<Layout> layouts = {Layout{board.vector_floats}};
    if (p.g == 1) return layouts;
    int lanes = board.vector_floats;
    while (lanes > 1 && p.g % lanes != 0) lanes /= 2;
    const bool depthwise = p.ic == p.g && p.oc == p.g;
    if (lanes > 1 && !depthwise) layouts.push_back({lanes, p.g});
    layouts.push_back({});
    return layouts;
}

// The `count` best schedules of the template, or of all of them where it has no name.
std::vector<Schedule> schedules_of(const Kernel &kernel, const Board &board, const Records &records,
                                   const std::string &only_template, size_t count) {
    std::vector<Schedule> best;
    const size_t all = only_template.empty() ? count : std::numeric_limits<size_t>::max();
    for (const RankedSchedule &ranked : rank_schedules(kernel, board, records, all)) {
        const bool is_named =
            only_template.empty() || ranked.schedule.template_name == only_template;
        if (is_named && best.size() < count) best.push_back(ranked.schedule);
    }
    return best;
}

// A kernel and its arguments, made when the benchmark first runs.
class Layer {
public:
    Layer(const Conv2dKernel &kernel, const Schedule &schedule, const Board &board)
        : compiled_(kernel, schedule, board),
          input_(kernel.input.floats(), 0.5f),
          output_(kernel.output.floats(), 0.0f),
          constants_(pack_constants(kernel, schedule,
                                    std::vector<float>(kernel.problem.weight_count(), 0.25f),
                                    std::vector<float>(kernel.problem.oc, 1.0f))),
          call_(compiled_, {input_.data() + input_offset(kernel), constants_[0].data(),
                            constants_[1].data(), output_.data() + output_offset(kernel)}) {}
    void run() { call_(); }

private:
    JitKernel compiled_;
    std::vector<float> input_, output_;
    std::vector<std::vector<float>> constants_;
    JitCall call_;
};

void register_row(const Conv2dKernel &kernel, const Schedule &schedule, const Board &board) {
    const double gflop = 2e-9 * (double)kernel.problem.macs();
    auto layer = std::make_shared<std::unique_ptr<Layer>>();
    const std::string name = to_string(kernel.problem) + "/" + to_string(kernel.input.layout);
    benchmark::RegisterBenchmark(name.c_str(), [=](benchmark::State &state) {
        if (!*layer) *layer = std::make_unique<Layer>(kernel, schedule, board);
        using Clock = std::chrono::steady_clock;
        const Clock::time_point start = Clock::now();
        for (auto _ : state) (*layer)->run();
        const std::chrono::duration<double> seconds = Clock::now() - start;
        const double gflops = gflop * (double)state.iterations() / seconds.count();
        state.counters["GFLOP/s"] = gflops;
        state.counters["peak_%"] = 100 * gflops / board.peak_gflops();
        state.SetLabel(to_string(schedule));
    })->Unit(benchmark::kMicrosecond);
}

void expect_runnable(const Board &board) {
    const std::vector<std::string> features = host_cpu_features();
    for (const std::string &needed : board.cpu_features) {
        if (std::find(features.begin(), features.end(), needed) == features.end()) {
            throw std::invalid_argument("this CPU lacks " + needed + ", which board '" +
                                        board.name + "' needs");
        }
    }
}

void run(int argc, char **argv) {
    const Options options = parse_options(argc, argv);
    // Halide's thread pool reads it when the first kernel runs.
    setenv("HL_NUM_THREADS", "1", 1);
    const Board board = load_board(options.board);
    expect_runnable(board);
    const Records records = load_records(
        board,
        {{}, [](const std::string &text) { std::fprintf(stderr, "warning: %s\n", text.c_str()); }});
    const int count = std::atoi(options.schedules.c_str());
    if (count < 1) {
        throw std::invalid_argument("--schedules is '" + options.schedules +
                                    "', expected a number of at least 1");
    }
    for (const ConvProblem &problem : read_layers(options.layers)) {
        for (const Layout &layout : layouts_of(problem, board)) {
            const Conv2dKernel kernel = kernel_of(problem, layout, board);
            for (const Schedule &schedule :
                 schedules_of(kernel, board, records, options.only_template, count))
                register_row(kernel, schedule, board);
        }
    }
    benchmark::AddCustomContext("board", board.name);
    benchmark::AddCustomContext("peak_gflops", std::to_string(board.peak_gflops()));
    benchmark::RunSpecifiedBenchmarks();
}

}  // namespace
}  // namespace convoy

int main(int argc, char **argv) {
    benchmark::Initialize(&argc, argv);
    try {
        convoy::run(argc, argv);
    } catch (const std::exception &error) {
        std::cerr << "conv2d_bench: " << error.what() << "\n";
        return 1;
    }
}
