// differential_test [--count 300] [--seed 1] [--jobs 2] [--case N] [--board B]
//
// Random kernels under random legal schedules of every template that accepts them, compared with
// plain loops. A failing one is shrunk and printed with the command that repeats it. Each runs in a
// process of its own: what crashes is a failure like any other.

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <iostream>
#include <map>
#include <optional>

#include "tests/kernels/device/device_driver.h"
#include "tests/kernels/differential/child_process.h"
#include "tests/kernels/differential/trial.h"
#include "tests/kernels/kernel_harness.h"
#include "tests/kernels/tested_boards.h"

namespace convoy {
namespace {

constexpr int seconds_a_case = 20, shrinking_steps = 300, most_shrunk = 3;

struct Options {
    uint32_t seed = 1;
    int count = 300, jobs = 2;
    std::optional<int> only;
    std::vector<std::string> boards;
};

struct Case {
    Board board;
    std::vector<Trial> trials;
};

std::string wrong_of(const Trial &trial, const Board &board) {
    return what_is_wrong(KernelCase(trial.kernel, tolerance_of(trial.kernel)), trial.schedule,
                         board);
}

class Differential {
public:
    explicit Differential(const Options &options) : options_(options) {
        for (const std::string &name : options.boards.empty() ? tested_boards() : options.boards)
            boards_.push_back(load_board(name));
    }

    // Asked in a process of its own, as GPUs' drivers do not outlive a fork.
    bool can_run() const {
        const auto on_gpu = [](const Board &board) { return board.gpu.has_value(); };
        if (std::none_of(boards_.begin(), boards_.end(), on_gpu)) return true;
        return ChildProcess(seconds_a_case, [] {
                   return device_is_present() ? "yes" : "no";
               }).result() == "yes";
    }

    int run() {
        std::printf("boards:");
        for (const Board &board : boards_) std::printf(" %s", board.name.c_str());
        std::printf("; seed %u\n", options_.seed);
        warm_up();
        const auto start = std::chrono::steady_clock::now();
        const int first = options_.only.value_or(0),
                  end = options_.only ? first + 1 : options_.count;
        for (int index = first; index < end; index++) {
            if ((int)running_.size() == options_.jobs) finish_one();
            running_.push_back({index, ChildProcess(seconds_a_case, [&] { return work(index); })});
        }
        while (!running_.empty()) finish_one();
        const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
        for (const auto &[name, count] : kernels_)
            std::printf("%7d kernels under %s\n", count, name.c_str());
        std::printf("%d of %d cases failed, %d ran out of time; %.0f s\n", failed_, end - first,
                    slow_, seconds.count());
        return failed_ > 0 ? 1 : 0;
    }

private:
    struct Running {
        int index;
        ChildProcess process;
    };

    // Halide compiles its runtime with the first kernel: before the processes part. A GPU's driver
    // must not be opened before that.
    void warm_up() const {
        if (boards_.front().gpu) return;
        const View view = make_view(1, 1, 1, 1, {}, 1);
        const Trial copy{ElementwiseKernel{.input = view, .output = view},
                         {"reference", {{"vector", boards_.front().vector_floats}}}};
        const std::string wrong = wrong_of(copy, boards_.front());
        if (!wrong.empty()) throw std::runtime_error("a copy of one element: " + wrong);
    }

    Case make_case(int index) const {
        Random random(options_.seed, (uint32_t)index);
        Case c{boards_[(size_t)index % boards_.size()], {}};
        c.trials = random_trials(random_kernel(random, c.board), random, c.board);
        return c;
    }

    // The names of the templates that were right, or '!' and the first that was not.
    std::string work(int index) const {
        const Case c = make_case(index);
        std::string names;
        for (const Trial &trial : c.trials) {
            const std::string wrong = wrong_of(trial, c.board);
            if (!wrong.empty()) return "!" + wrong;
            names += trial.schedule.template_name + " ";
        }
        return names;
    }

    void finish_one() {
        Running done = std::move(running_.front());
        running_.pop_front();
        const std::string result = done.process.result();
        if (result == ChildProcess::out_of_time) {
            slow_++;
            std::printf("case %d ran out of time: %s\n", done.index, repeat(done.index).c_str());
        } else if (result.starts_with('!')) {
            failed_++;
            explain(done.index, result.substr(1));
        } else {
            std::istringstream names(result);
            for (std::string name; names >> name;) kernels_[name]++;
        }
        if (++finished_ % 1000 == 0) std::printf("%d cases\n", finished_);
        std::fflush(stdout);
    }

    std::string repeat(int index) const {
        std::string boards;
        for (const std::string &name : options_.boards) boards += " --board " + name;
        return "differential_test --seed " + std::to_string(options_.seed) + " --case " +
               std::to_string(index) + boards;
    }

    static std::string result_of(const Trial &trial, const Board &board) {
        ChildProcess process(seconds_a_case, [&] {
            const std::string wrong = wrong_of(trial, board);
            return wrong.empty() ? wrong : "!" + wrong;
        });
        return process.result();
    }

    static bool fails(const Trial &trial, const Board &board) {
        const std::string result = result_of(trial, board);
        return !result.empty() && result != ChildProcess::out_of_time;
    }

    void explain(int index, const std::string &wrong) const {
        std::printf("case %d: %s\n  repeat: %s\n", index, wrong.c_str(), repeat(index).c_str());
        if (failed_ > most_shrunk) return;
        const Case c = make_case(index);
        for (const Trial &trial : c.trials) {
            if (!fails(trial, c.board)) continue;
            std::printf("  board %s, %s\n", c.board.name.c_str(), to_string(trial).c_str());
            const Trial least = shrink(trial, c.board, shrinking_steps,
                                       [&](const Trial &t) { return fails(t, c.board); });
            std::printf("  shrunk: %s\n  %s\n", to_string(least).c_str(),
                        result_of(least, c.board).c_str());
            return;
        }
    }

    const Options options_;
    std::vector<Board> boards_;
    std::deque<Running> running_;
    std::map<std::string, int> kernels_;  // right ones, by template
    int finished_ = 0, failed_ = 0, slow_ = 0;
};

}  // namespace
}  // namespace convoy

// For CTest: what is to be tested is not here.
constexpr int skipped = 77;

int main(int argc, char **argv) {
    convoy::Options options;
    CLI::App app("Random kernels under random schedules against plain loops");
    app.add_option("--count", options.count, "Cases to run")->check(CLI::PositiveNumber);
    app.add_option("--seed", options.seed, "What the cases depend on, with their number");
    app.add_option("--jobs", options.jobs, "Cases at a time")->check(CLI::PositiveNumber);
    app.add_option("--case", options.only, "This case alone")->check(CLI::NonNegativeNumber);
    app.add_option("--board", options.boards,
                   "A board whose kernels run here, instead of this CPU's; may be repeated");
    CLI11_PARSE(app, argc, argv);
    // Halide's thread pool reads it when the first kernel runs: no threads that a fork would lose.
    setenv("HL_NUM_THREADS", "1", 1);
    try {
        convoy::Differential test(options);
        if (!test.can_run()) {
            std::printf("there is no OpenCL device\n");
            return skipped;
        }
        return test.run();
    } catch (const std::exception &error) {
        std::cerr << "differential_test: " << error.what() << "\n";
        return 2;
    }
}
