#include <algorithm>
#include <chrono>
#include <cstdio>
#include <iostream>
#include <memory>

#include "compiler/interrupt.h"
#include "tools/command.h"
#include "tools/loaded_library.h"
#include "tools/manifest_board.h"
#include "tools/progress.h"

namespace convoy {

namespace {

using Clock = std::chrono::steady_clock;

struct Options {
    std::filesystem::path library;
    double seconds = 2;
    int threads = 1;
    bool json = false;
};

struct Times {
    double min_us, median_us;
};

Times summarise(std::vector<double> samples) {
    std::sort(samples.begin(), samples.end());
    return {samples.front(), samples[samples.size() / 2]};
}

double us_between(Clock::time_point a, Clock::time_point b) {
    return std::chrono::duration<double, std::micro>(b - a).count();
}

// Samples by step, one a run: of each of its calls the time from the end of the call before.
struct Profile {
    std::vector<std::vector<double>> steps;
    Clock::time_point last;

    void begin_run() {
        for (std::vector<double> &samples : steps) samples.push_back(0);
        last = Clock::now();
    }

    static void after_step(void *data, int step) {
        Profile &profile = *static_cast<Profile *>(data);
        const auto now = Clock::now();
        profile.steps[step].back() += us_between(profile.last, now);
        profile.last = Clock::now();
    }
};

constexpr double fair_percent = 60;  // of the roofline: less wants a reason
constexpr double call_us = 3;        // what a call costs whatever it does shows below this

// Why a step is far below its roofline, as far as the plan tells: the roofline takes its data to
// lie in the nearest memory that has room for them, in a network they come from where they were
// left.
std::string reason_for(const nlohmann::json &step, int threads) {
    if (step.at("percent_of_roofline").get<double>() >= fair_percent) return "";
    const double us = step.at("median_us"),
                 memory_us = step.value("memory_us", 0.0) / threads;  // older manifests have none
    char text[64];
    if (memory_us >= us * fair_percent / 100) {
        std::snprintf(text, sizeof text, "data from %s: %.1f us",
                      step.at("memory").get<std::string>().c_str(), memory_us);
        return text;
    }
    const double roofline_us = step.at("roofline_us").get<double>() / threads,
                 activation_us = step.value("activation_us", 0.0) / threads;
    if (activation_us >= us / 10 && roofline_us + activation_us >= us * fair_percent / 100) {
        std::snprintf(text, sizeof text, "activation: %.1f us", activation_us);
        return text;
    }
    if (us < call_us) return "a call's own time";
    const double expected_us = step.value("expected_us", 0.0) / threads;
    if (step.value("schedule_from", "") == "model") {
        if (expected_us >= us * fair_percent / 100) {
            std::snprintf(text, sizeof text, "instructions: %.1f us", expected_us);
            return text;
        }
    } else if (roofline_us >= expected_us * fair_percent / 100) {
        // A record's expectation is a measurement of the same code by itself, its data at hand.
        std::snprintf(text, sizeof text, "%.1f us by itself", expected_us);
        return text;
    }
    // Its data may come from farther: other programs fill the last level too.
    if (memory_us < us / 10) return "?";
    std::snprintf(text, sizeof text, "data at %.0f GB/s",
                  step.at("bytes").get<double>() / us / 1e3);
    return text;
}

nlohmann::json measure(LoadedLibrary &library, const Options &options) {
    const nlohmann::json &board = library.board();
    const LoadedLibrary::Tensors inputs = random_inputs(library);
    LoadedLibrary::Tensors outputs = library.make_outputs();
    library.pack(inputs);
    Progress progress(!options.json);
    for (int i = 0; i < 3; i++) library.run(inputs, outputs, options.threads);

    std::vector<double> whole;
    Profile profile;
    profile.steps.resize(board.at("steps").size());
    const auto start = Clock::now();
    // Whole runs and profiled ones take turns, so that both see the same machine.
    while (whole.size() < 5 || us_between(start, Clock::now()) < options.seconds * 1e6) {
        progress.show("measuring " + library.name(), 0, 0);
        throw_if_interrupted();
        for (int i = 0; i < 3; i++) {
            const auto before = Clock::now();
            library.run(inputs, outputs, options.threads);
            whole.push_back(us_between(before, Clock::now()));
        }
        profile.begin_run();
        library.run_profiled(inputs, outputs, options.threads, Profile::after_step, &profile);
    }
    progress.clear();

    const bool on_gpu = is_gpu(board);
    const int cores = on_gpu ? 1 : options.threads;
    const Times run = summarise(whole);
    nlohmann::json result = {{"name", library.name()},
                             {"board", board.at("board")},
                             {"threads", options.threads},
                             {"runs", whole.size()},
                             {"min_us", run.min_us},
                             {"median_us", run.median_us},
                             {"macs", board.at("macs")},
                             {"gflops", 2e-3 * board.at("macs").get<double>() / run.median_us},
                             {"steps", nlohmann::json::array()}};
    for (size_t s = 0; s < profile.steps.size(); s++) {
        nlohmann::json step = board.at("steps")[s];
        const Times t = summarise(profile.steps[s]);
        step["min_us"] = t.min_us;
        step["median_us"] = t.median_us;
        step["gflops"] = 2e-3 * step.at("macs").get<double>() / t.median_us;
        step["percent_of_roofline"] =
            100 * step.at("roofline_us").get<double>() / cores / t.median_us;
        step["reason"] = on_gpu ? "" : reason_for(step, cores);
        result["steps"].push_back(std::move(step));
    }
    return result;
}

void print(const nlohmann::json &r, bool on_gpu) {
    const int threads = r["threads"];
    const std::string where =
        on_gpu ? "on the GPU" : std::to_string(threads) + (threads == 1 ? " thread" : " threads");
    std::printf("%s on %s, %s: min %.3f ms, median %.3f ms, %.1f GFLOP/s (%zu runs)\n\n",
                r["name"].get<std::string>().c_str(), r["board"].get<std::string>().c_str(),
                where.c_str(), r["min_us"].get<double>() / 1e3, r["median_us"].get<double>() / 1e3,
                r["gflops"].get<double>(), r["runs"].get<size_t>());
    std::printf("%4s %-36s %9s %6s %9s %8s %9s  %-24s  %s\n", "step", "name", "us", "share",
                "MMACs", "GFLOP/s", "roofline", "below 60% because", "kernel");
    double total = 0;
    for (const auto &step : r["steps"]) total += step["median_us"].get<double>();
    int number = 0;
    for (const auto &step : r["steps"]) {
        const double us = step["median_us"];
        std::string name = step["name"];
        if (name.size() > 36) name = "..." + name.substr(name.size() - 33);
        std::printf("%4d %-36s %9.1f %5.1f%% %9.2f %8.1f %8.0f%%  %-24s  %s\n", number++,
                    name.c_str(), us, 100 * us / total, step["macs"].get<double>() / 1e6,
                    step["gflops"].get<double>(), step["percent_of_roofline"].get<double>(),
                    step["reason"].get<std::string>().c_str(),
                    step["kernel"].get<std::string>().c_str());
    }
}

void run(const Options &options) {
    LoadedLibrary library(options.library);
    const nlohmann::json result = measure(library, options);
    if (options.json) {
        std::cout << result.dump(2) << "\n";
    } else {
        print(result, is_gpu(library.board()));
    }
}

}  // namespace

void add_bench_command(CLI::App &app) {
    CLI::App *command = app.add_subcommand(
        "bench", "Time a compiled library on this machine, whole and layer by layer");
    auto options = std::make_shared<Options>();
    command->add_option("library", options->library, "DIR/NAME of the library")->required();
    command->add_option("--threads", options->threads, "Threads to run on")
        ->check(CLI::Range(1, 256))
        ->capture_default_str();
    command->add_option("--seconds", options->seconds, "How long to measure")
        ->check(CLI::Range(0.01, 3600.0))
        ->capture_default_str();
    command->add_flag("--json", options->json, "Print JSON rather than a table");
    command->footer(
        "Roofline: the least time one core of the board, or the GPU, needs for a step's "
        "multiply-adds or for moving its data once,\n"
        "over the time measured.\n\nExample: convoy bench out/resnet34");
    command->callback([options] { run(*options); });
}

}  // namespace convoy
