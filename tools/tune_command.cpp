#include <unistd.h>

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <thread>

#include "compiler/emit/staging.h"
#include "compiler/interrupt.h"
#include "tools/command.h"
#include "tools/options.h"
#include "tools/tuning.h"

namespace convoy {

namespace {

using nlohmann::json;

constexpr int most_measurements = 1000000;

struct Options {
    std::vector<std::string> models, dims;
    ImportOptions import;
    std::string board = "host", time = "10m";
    std::filesystem::path json, layers, db;
    TuneOptions tune;
    Remotes remotes;
};

json to_json(const TunedKernel &k) {
    json history = json::array();
    for (const TunePoint &point : k.history) history.push_back({point.seconds, point.best_us});
    return {{"kernel", to_string(k.kernel)},
            {"steps", k.steps},
            {"space", k.space},
            {"measurements", k.measurements},
            {"failures", k.failures},
            {"default_us", k.default_us},
            {"default", to_string(k.default_schedule)},
            {"best_us", k.best_us},
            {"template", k.best.template_name},
            {"parameters", k.best.parameters},
            {"roofline_us", k.roofline_us},
            {"is_finished", k.is_finished},
            {"had_record", k.had_record},
            {"has_failed", k.has_failed},
            {"history", history}};
}

// Rather than after hours of tuning.
void check_can_be_written(const std::filesystem::path &file) {
    const std::filesystem::path folder = file.has_parent_path() ? file.parent_path() : ".";
    if (std::filesystem::is_directory(file) || access(folder.c_str(), W_OK) != 0)
        throw std::invalid_argument(
            "--json " + file.string() +
            ": cannot be written, expected a file in a folder that is there");
}

void run(Options &options) {
    if (!options.json.empty()) check_can_be_written(options.json);
    options.import.dims = parse_dims(options.dims);
    options.tune.seconds = parse_duration(options.time);
    std::vector<std::string> arguments = options.models;
    if (!options.layers.empty()) {
        for (std::string &layer : read_layers(options.layers))
            arguments.push_back(std::move(layer));
    }
    if (arguments.empty()) throw std::invalid_argument("no model, expected models or --layers");
    const Board board = load_board(options.board);
    if (board.gpu && options.tune.trials.threads != 1)
        throw std::invalid_argument("--threads " + std::to_string(options.tune.trials.threads) +
                                    ": board " + board.name + " is a GPU, expected 1");
    std::vector<Analyzed> models;
    for (const std::string &argument : arguments)
        models.push_back(model_or_layer(argument, options.import));
    options.tune.store = options.db.empty() ? user_record_store() : options.db;
    Progress progress(true);
    options.import.warn = [&](const std::string &text) { progress.warn(text); };
    const TuneResult result =
        tune_with_progress(models, board, options.tune, progress, options.remotes);
    print(result, options.tune.store);
    if (!options.json.empty()) {
        json kernels = json::array();
        for (const TunedKernel &k : result.kernels) kernels.push_back(to_json(k));
        write_file(options.json, json({{"board", result.board},
                                       {"cpu", result.cpu},
                                       {"halide", result.halide},
                                       {"threads", options.tune.trials.threads},
                                       {"seconds", result.seconds},
                                       {"kernels", kernels}})
                                         .dump(1) +
                                     "\n");
    }
    if (result.was_interrupted) throw Interrupted("what was found is recorded, --resume goes on");
    if (std::any_of(result.kernels.begin(), result.kernels.end(),
                    [](const TunedKernel &k) { return k.has_failed; }) &&
        std::all_of(result.kernels.begin(), result.kernels.end(),
                    [](const TunedKernel &k) { return k.best_us == 0; }))
        throw std::runtime_error("no kernel could be measured, the warnings say why");
    if (!result.no_machine.empty())
        throw MachineGone("no machine is left; what was found is recorded, --resume goes on: " +
                          result.no_machine);
}

}  // namespace

void add_tune_command(CLI::App &app) {
    CLI::App *command = app.add_subcommand(
        "tune", "Search the fastest schedules of a model's kernels by measuring, and keep them");
    auto options = std::make_shared<Options>();
    options->tune.trials.jobs = (int)std::max(1u, std::thread::hardware_concurrency());
    command->add_option("models", options->models, model_argument_help);
    command->add_option("--layers", options->layers, "A file of layers, one a line");
    command->add_option("--board", options->board, "A board: 'convoy boards' lists them")
        ->capture_default_str();
    command->add_option("--time", options->time, "For all kernels together, as 90s, 10m or 2h")
        ->capture_default_str();
    CLI::Option *measurements =
        command
            ->add_option("--measurements", options->tune.measurements_per_kernel,
                         "Schedules measured of a kernel at most")
            ->check(CLI::Range(1, most_measurements))
            ->capture_default_str();
    command->add_option("--threads", options->tune.trials.threads, "Threads that a kernel runs on")
        ->check(CLI::Range(1, 256))
        ->capture_default_str();
    command->add_option("--jobs", options->tune.trials.jobs, "Kernels compiled at once")
        ->check(CLI::Range(1, 256))
        ->capture_default_str();
    command
        ->add_option("--remote", options->remotes.hosts,
                     "Measure on a machine that ssh reaches, as pi@board; may be repeated")
        ->allow_extra_args(false);
    command->add_option("--remote-folder", options->remotes.options.folder,
                        "Where programs lie there, if its /tmp is small or noexec");
    command->add_option("--runner", options->remotes.options.runner,
                        "A command there that runs the programs, such as an emulator");
    command
        ->add_option("--ssh", options->remotes.options.ssh, "The command that connects to --remote")
        ->capture_default_str();
    command->add_flag("--resume", options->tune.resumes,
                      "Go on where an earlier run ended: what it measured counts");
    command->add_flag("--exhaustive", options->tune.is_exhaustive,
                      "Measure every legal schedule, as far as --time and --measurements go: what "
                      "the search is judged by");
    command->add_flag("--again", options->tune.again, "Search the kernels that have a record, too");
    command
        ->add_option(
            "--only", options->tune.only,
            "Only kernels whose text has this in it, as kh1 or 'conv2d g8'; may be repeated")
        ->allow_extra_args(false);
    add_rounding_options(*command, options->tune.rules);
    command->add_option("--db", options->db, "The database of records [the user's]");
    add_records_option(*command, options->tune.record_files);
    command->add_option("--json", options->json, "A file that receives all that was found");
    command->add_option("--dim", options->dims,
                        "Size of a named dimension, as N=1; may be repeated");
    command->add_option("--seed", options->tune.seed, "Of the random choices")
        ->capture_default_str();
    command->footer(
        "Every later 'convoy compile' for the board takes what was found. Each schedule is "
        "checked against a plain one\nbefore it is timed. Ctrl-C keeps what was found.\n\n"
        "Example: convoy tune resnet34.onnx --time 10m\n"
        "Exit code 0, 1 on an error (one line says which), 130 when interrupted.");
    command->callback([options, measurements] {
        if (options->tune.is_exhaustive && measurements->count() == 0)
            options->tune.measurements_per_kernel = most_measurements;
        run(*options);
    });
}

}  // namespace convoy
