#include "tools/tuning.h"

#include <cstdio>
#include <mutex>

#include "compiler/emit/staging.h"
#include "compiler/tune/gpu_name.h"
#include "compiler/tune/local_machine.h"
#include "targets/cpu_model.h"

namespace convoy {

namespace {

constexpr int64_t most_memory_bytes = int64_t{8} << 30;  // of a program that is measured

double gain(const TunedKernel &k) {
    return k.default_us > 0 && k.best_us > 0 ? k.default_us / k.best_us : 1;
}

std::string short_time(double seconds) {
    char text[32];
    std::snprintf(text, sizeof text, "%d:%02d", (int)seconds / 60, (int)seconds % 60);
    return text;
}

// "4:12 left, 1.15x default, 74% of roofline, 81.0 us, 64 measured, saved 9%, conv2d g8ic64...":
// a narrow terminal shows the beginning.
std::string line_of(const TuneProgress &p) {
    char text[200];
    std::string line = short_time(p.seconds_left) + " left, ";
    if (p.best_us > 0) {
        std::snprintf(text, sizeof text, "%.2fx default, %.0f%% of roofline, %.1f us, ",
                      p.default_us > 0 ? p.default_us / p.best_us : 1,
                      100 * p.roofline_us / p.best_us, p.best_us);
        line += text;
    }
    std::snprintf(text, sizeof text, "%d measured, saved %.0f%%, ", p.measurements,
                  100 * p.saved_share);
    return line + text + p.kernel;
}

}  // namespace

void print(const TuneResult &result, const std::filesystem::path &store) {
    std::printf("board %s, measured on %s, %.0f s\n\n", result.board.c_str(), result.cpu.c_str(),
                result.seconds);
    double before = 0, after = 0;
    int known = 0, failed = 0, unmeasured = 0;
    for (const TunedKernel &k : result.kernels) {
        known += k.had_record;
        (k.has_failed ? failed : unmeasured) += k.best_us == 0;
        if (k.best_us == 0 || k.had_record) continue;
        if (after == 0)
            std::printf("%5s %10s %10s %6s %9s %12s  %s\n", "uses", "default us", "tuned us",
                        "gain", "roofline", "tried", "kernel and schedule");
        before += (k.default_us > 0 ? k.default_us : k.best_us) * (double)k.steps.size();
        after += k.best_us * (double)k.steps.size();
        const std::string tried = std::to_string(k.measurements) + "/" + std::to_string(k.space);
        std::printf("%5zu %10.1f %10.1f %5.2fx %8.0f%% %12s  %s\n%58s %s\n", k.steps.size(),
                    k.default_us, k.best_us, gain(k), 100 * k.roofline_us / k.best_us,
                    tried.c_str(), to_string(k.kernel).c_str(), "", to_string(k.best).c_str());
    }
    if (after > 0)
        std::printf("%5s %10.1f %10.1f %5.2fx  all of them, as often as they are used\n", "",
                    before, after, before / after);
    if (result.kernels.empty()) std::printf("no kernel has schedules to choose among\n");
    const auto count = [](int kernels, const char *of_one, const char *of_several) {
        if (kernels == 1) std::printf("1 kernel %s\n", of_one);
        if (kernels > 1) std::printf("%d kernels %s\n", kernels, of_several);
    };
    count(known, "has a record already: --again searches it too",
          "have records already: --again searches them too");
    count(unmeasured, "was not reached: --resume goes on with it",
          "were not reached: --resume goes on with them");
    count(failed, "could not be measured: the warning says why",
          "could not be measured: the warnings say why");
    if (is_emulated(result.cpu))
        std::printf("these are an emulator's times: no compilation takes the records\n");
    std::printf("records   %s\n", store.c_str());
}

namespace {

using Machines = std::vector<std::unique_ptr<Machine>>;

Machines machines_for(const Board &board, const Remotes &remotes,
                      const std::filesystem::path &folder) {
    const Toolchain tools;
    Machines machines;
    if (remotes.hosts.empty()) {
        if (!board.gpu && !runs_here(board))
            throw BoardError("board " + board.name +
                             " cannot be tuned here: this machine does not run its code, "
                             "expected --remote with one that does");
        // CUDA maps more addresses than there is memory.
        machines.push_back(
            std::make_unique<LocalMachine>(folder / "machine", board.gpu ? 0 : most_memory_bytes));
    }
    if (!remotes.hosts.empty()) tools.hosted_compiler(board);  // else each kernel fails
    for (const std::string &host : remotes.hosts)
        machines.push_back(std::make_unique<RemoteMachine>(
            host, board, remotes.options, folder / std::to_string(machines.size())));
    for (const auto &machine : machines) {
        if (board.gpu) {
            const std::string gpu = gpu_name(board, *machine, tools, folder / "gpu_name");
            if (!is_emulated(machine->cpu())) machine->runs_on_gpu(gpu);
        }
        const Machine &first = *machines.front();
        if (machine->cpu() != first.cpu())
            throw MachineGone(machine->name() + ": its processor is " + machine->cpu() +
                              ", expected " + first.cpu() + " as " + first.name() + " has");
    }
    return machines;
}

}  // namespace

std::string why_not_here(const Board &board) {
    if (!board.gpu) return runs_here(board) ? "" : "its code does not run on this machine";
    try {
        gpu_name_here(board);
    } catch (const MachineGone &none) {
        return none.what();
    }
    return "";
}

TuneResult tune_with_progress(const std::vector<Analyzed> &models, const Board &board,
                              TuneOptions options, Progress &progress, const Remotes &remotes) {
    if (options.store.empty()) options.store = user_record_store();
    std::mutex mutex;
    options.progress = [&](const TuneProgress &p) { progress.show(line_of(p), p.done, p.total); };
    options.warn = [&](const std::string &text) {
        const std::lock_guard lock(mutex);
        progress.warn(text);
    };
    const Staging staging(std::filesystem::temp_directory_path());
    const Machines machines = machines_for(board, remotes, staging.work());
    TuneResult result = tune(models, board, machines, options);
    progress.clear();
    return result;
}

}  // namespace convoy
