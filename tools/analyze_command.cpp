#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <thread>

#include "compiler/analyze/analyze.h"
#include "compiler/analyze/launches.h"
#include "compiler/emit/staging.h"
#include "compiler/onnx/import.h"
#include "compiler/plan/plan.h"
#include "tools/command.h"
#include "tools/options.h"
#include "tools/progress.h"

namespace convoy {

namespace {

using nlohmann::json;

struct Options {
    std::vector<std::string> models;
    std::string board = "host", mca_cpu;
    std::filesystem::path layers, json;
    ImportOptions import;
    std::vector<std::string> dims;
    AnalyzeOptions analyze;
};

double expected_us(const KernelAnalysis &a, const Board &board) {
    return a.ranked.cycles / (board.clock_ghz * 1e3);
}

json to_json(const KernelAnalysis &a, const Board &board) {
    return {{"kernel", to_string(a.kernel)},
            {"steps", a.steps},
            {"template", a.ranked.schedule.template_name},
            {"parameters", a.ranked.schedule.parameters},
            {"macs", macs(a.kernel)},
            {"expected_us", expected_us(a, board)},
            {"loop",
             {{"macs", a.loop.macs},
              {"instructions", a.loop.instructions},
              {"depth", a.loop.depth},
              {"spill_loads", a.loop.spill_loads},
              {"spill_stores", a.loop.spill_stores}}},
            {"cycles", a.cycles(board)},
            {"instructions_per_cycle", a.prediction.instructions_per_cycle},
            {"peak_percent", 100 * a.peak_fraction(board)},
            {"bottleneck", bottleneck(a.prediction)},
            {"busiest_unit", a.prediction.busiest_unit},
            {"busy_percent", 100 * a.prediction.busy},
            {"dispatched_percent", 100 * a.prediction.dispatched}};
}

void print(const std::vector<KernelAnalysis> &list, const Board &board, const Mca &mca) {
    std::printf("board %s, inner loops by %s for %s\n\n", board.name.c_str(), mca.version().c_str(),
                board.mca_cpu.c_str());
    std::printf("%7s %8s %8s %7s %-14s %s\n", "% peak", "MACs", "cycles", "spills", "limited by",
                "kernel and schedule");
    for (const KernelAnalysis &a : list) {
        std::printf("%7.1f %8ld %8.1f %7d %-14s %s\n%49s %s\n", 100 * a.peak_fraction(board),
                    (long)a.loop.macs, a.cycles(board), a.loop.spill_loads + a.loop.spill_stores,
                    bottleneck(a.prediction).c_str(), to_string(a.kernel).c_str(), "",
                    to_string(a.ranked.schedule).c_str());
    }
}

json to_json(const LaunchAnalysis &a, const Board &board) {
    return {{"kernel", to_string(a.kernel)},
            {"steps", a.steps},
            {"template", a.ranked.schedule.template_name},
            {"parameters", a.ranked.schedule.parameters},
            {"macs", macs(a.kernel)},
            {"expected_us", a.ranked.cycles / (board.clock_ghz * 1e3)},
            {"entry", a.launch.entry},
            {"blocks", a.launch.blocks},
            {"threads", a.launch.threads},
            {"shared_bytes", a.launch.shared_bytes},
            {"registers", a.registers},
            {"spill_store_bytes", a.spill_store_bytes},
            {"spill_load_bytes", a.spill_load_bytes},
            {"stack_bytes", a.stack_bytes},
            {"occupancy_percent", 100 * a.occupancy(board)},
            {"loop", {{"fmas", a.fmas}, {"loads", a.loads}, {"instructions", a.instructions}}}};
}

void print(const std::vector<LaunchAnalysis> &list, const Board &board) {
    std::printf("board %s, assembled by ptxas for %s\n\n", board.name.c_str(),
                board.gpu->ptxas_target.c_str());
    std::printf("%9s %6s %7s %9s %7s %7s %7s %s\n", "registers", "spills", "shared", "occupancy",
                "threads", "blocks", "FMA", "kernel and schedule");
    for (const LaunchAnalysis &a : list) {
        std::printf("%9d %6d %7d %8.0f%% %7d %7ld %6.0f%% %s\n%59s %s\n", a.registers,
                    a.spill_store_bytes + a.spill_load_bytes, a.launch.shared_bytes,
                    100 * a.occupancy(board), a.launch.block_threads(),
                    (long)a.launch.block_count(), 100 * a.fma_share(), to_string(a.kernel).c_str(),
                    "", to_string(a.ranked.schedule).c_str());
    }
    std::printf(
        "\nregisters of a thread, bytes of spills and of shared memory; occupancy: of the "
        "threads that a unit has room\nfor; FMA: of the PTX of the basic block with most "
        "multiply-adds\n");
}

void run(Options &options) {
    options.import.dims = parse_dims(options.dims);
    std::vector<std::string> arguments = options.models;
    if (!options.layers.empty()) {
        for (std::string &layer : read_layers(options.layers))
            arguments.push_back(std::move(layer));
    }
    if (arguments.empty()) throw std::invalid_argument("no model, expected models or --layers");
    Board board = load_board(options.board);
    if (!options.mca_cpu.empty()) board.mca_cpu = options.mca_cpu;
    std::vector<Analyzed> models;
    for (const std::string &argument : arguments)
        models.push_back(model_or_layer(argument, options.import));

    Progress progress(true);
    options.analyze.progress = [&](const std::string &what, int done, int total) {
        progress.show(what, done, total);
    };
    options.analyze.warn =
        options.import.warn = [&](const std::string &text) { progress.warn(text); };
    json rows = json::array();
    json result = {{"board", board.name}};
    const auto finish = [&](const auto &list, const auto &...print_arguments) {
        progress.clear();
        print(list, board, print_arguments...);
        for (const auto &row : list) rows.push_back(to_json(row, board));
    };
    if (board.gpu) {
        finish(analyze_launches(models, board, Ptxas(), options.analyze));
        result.update({{"ptxas_target", board.gpu->ptxas_target}});
    } else {
        const Mca mca;
        finish(analyze(models, board, mca, options.analyze), mca);
        result.update({{"mca", mca.version()},
                       {"mca_cpu", board.mca_cpu},
                       {"peak_macs_per_cycle", board.fma_per_cycle * board.vector_floats}});
    }
    result["kernels"] = std::move(rows);
    if (!options.json.empty()) write_file(options.json, result.dump(1) + "\n");
}

}  // namespace

void add_analyze_command(CLI::App &app) {
    CLI::App *command = app.add_subcommand(
        "analyze",
        "Predict a model's kernels on a board that is not here: inner loops, registers, spills");
    auto options = std::make_shared<Options>();
    options->analyze.jobs = std::max(1u, std::thread::hardware_concurrency());
    command->add_option("models", options->models, model_argument_help);
    command->add_option("--layers", options->layers, "A file of layers, one a line");
    command->add_option("--board", options->board, "A board: 'convoy boards' lists them")
        ->capture_default_str();
    command->add_option("--mca-cpu", options->mca_cpu,
                        "Predict with this CPU of llvm-mca's [the board's]");
    command->add_option("--json", options->json, "A file that receives all that is known");
    command->add_option("--dim", options->dims,
                        "Size of a named dimension, as N=1; may be repeated");
    command->add_option("--jobs", options->analyze.jobs, "Kernels compiled at once")
        ->check(CLI::Range(1, 256))
        ->capture_default_str();
    add_records_option(*command, options->analyze.record_files);
    add_rounding_options(*command, options->analyze.rules);
    command->footer(
        "Compiles the kernels as 'convoy compile' does and gives the inner loop of each, the one "
        "with most multiply-adds,\nto llvm-mca. % peak: of the multiply-adds that the board's "
        "units can do. llvm-mca takes all data to be in the\nfirst-level cache and all jumps to "
        "be foreseen, and sees nothing outside of the loop. For a board of CUDA, "
        "ptxas assembles each kernel and tells its registers\nand spills.");
    command->callback([options] { run(*options); });
}

}  // namespace convoy
