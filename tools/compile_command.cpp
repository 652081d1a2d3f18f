#include <cstdio>
#include <fstream>
#include <memory>
#include <thread>

#include "compiler/compile.h"
#include "compiler/interrupt.h"
#include "compiler/layer.h"
#include "tools/command.h"
#include "tools/manifest_board.h"
#include "tools/options.h"
#include "tools/progress.h"
#include "tools/tuning.h"

namespace convoy {

namespace {

struct Options {
    std::filesystem::path model;
    std::filesystem::path weights, bias;
    CompileOptions compile;
    std::vector<std::string> dims;
    std::string tune;  // how long; empty: not at all
    bool quiet = false;
};

// Searches what has no record, for the boards that this machine can stand for.
void tune(Options &options, Progress &progress) {
    TuneOptions tuning;
    tuning.seconds = parse_duration(options.tune);
    tuning.rules = options.compile.rules;
    tuning.record_files = options.compile.record_files;
    tuning.trials.jobs = options.compile.jobs;
    const int threads = options.compile.rules.threads;
    const std::vector<Analyzed> models = {model_or_layer(options.model, options.compile.import)};
    std::vector<Board> boards;
    for (const std::string &name : options.compile.boards) {
        Board board = load_board(name);
        const std::string why_not = why_not_here(board);
        if (why_not.empty())
            boards.push_back(std::move(board));
        else
            progress.warn("board " + board.name + " is not tuned: " + why_not);
    }
    tuning.seconds /= (double)std::max<size_t>(boards.size(), 1);
    for (const Board &board : boards) {
        tuning.trials.threads = board.gpu ? 1 : threads;
        const TuneResult result = tune_with_progress(models, board, tuning, progress);
        if (!options.quiet) print(result, user_record_store());
        if (result.was_interrupted)
            throw Interrupted("what tuning found is recorded, no library was written");
    }
}

CompileResult compile(const Options &options) {
    if (!is_layer_descriptor(options.model)) {
        if (!options.weights.empty() || !options.bias.empty())
            throw std::invalid_argument("--weights and --bias are for a layer, and " +
                                        options.model.string() + " is a model");
        return compile_model(options.model, options.compile);
    }
    if (!options.dims.empty())
        throw std::invalid_argument("--dim is for a model, and " + options.model.string() +
                                    " is no file");
    const Layer layer = parse_layer_argument(options.model);
    return compile_layer(layer, read_layer_constants(layer, options.weights, options.bias),
                         options.compile);
}

void run(Options &options) {
    options.compile.import.dims = parse_dims(options.dims);
    Progress progress(!options.quiet);
    options.compile.progress = [&](const std::string &what, int done, int total) {
        progress.show(what, done, total);
    };
    options.compile.import.warn = [&](const std::string &text) { progress.warn(text); };
    if (!options.tune.empty()) tune(options, progress);
    const auto start = std::chrono::steady_clock::now();
    const CompileResult r = compile(options);
    progress.clear();
    if (options.quiet) return;
    const double seconds =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    for (const std::filesystem::path &library : r.libraries)
        std::printf("library   %s (%.2f MB)\n", library.c_str(),
                    (double)std::filesystem::file_size(library) / 1e6);
    std::printf("header    %s\n", r.header.c_str());
    std::printf("manifest  %s\n", r.manifest.c_str());
    std::printf("network   %.3f M parameters, %.2f M MACs, %d steps of %d kernels\n",
                r.parameters / 1e6, r.macs / 1e6, r.steps, r.kernels);
    std::printf("memory    %.2f MB of weights, %.2f MB of arena a caller\n", r.weight_bytes / 1e6,
                r.arena_bytes / 1e6);
    std::ifstream manifest(r.manifest);
    const nlohmann::json first_board = nlohmann::json::parse(manifest).at("boards").at(0);
    const int threads = options.compile.rules.threads;
    const std::string where = is_gpu(first_board) ? "the GPU"
                              : threads == 1      ? "one thread"
                                                  : std::to_string(threads) + " threads";
    std::printf("expected  %.3f ms on %s; compiled in %.1f s\n", r.expected_us / 1e3, where.c_str(),
                seconds);
}

}  // namespace

void add_compile_command(CLI::App &app) {
    CLI::App *command = app.add_subcommand(
        "compile", "Compile an ONNX model or a layer into a library for a board");
    auto options = std::make_shared<Options>();
    options->compile.jobs = std::max(1u, std::thread::hardware_concurrency());
    command->add_option("model", options->model, model_argument_help)->required();
    command
        ->add_option(
            "--board", options->compile.boards,
            "Board or boards (comma-separated): 'convoy boards' lists them, a file of your own "
            "ends in .json. With several, "
            "the library takes "
            "the best one that the CPU supports when it starts; boards of several systems "
            "make a library for each")
        ->delimiter(',')
        ->capture_default_str();
    command->add_option("--system", options->compile.system,
                        "Of the boards take only those of this system, as x86_64-linux");
    command
        ->add_option("-o,--output", options->compile.folder,
                     "Folder that receives lib/, include/ and share/")
        ->required();
    command->add_option("--name", options->compile.name,
                        "Name of the library and prefix of its functions [the file's stem]");
    command->add_option("--weights", options->weights,
                        "A layer's weights, baked in: .npy, float32, (oc, ic/g, kh, kw). Without "
                        "them the library packs what it is given");
    command->add_option("--bias", options->bias, "Its bias: .npy, float32, (oc)");
    command->add_option("--dim", options->dims,
                        "Size of a named dimension, as N=1; may be repeated");
    command->add_flag("--shared", options->compile.shared,
                      "A shared library rather than a static one");
    command->add_option("--jobs", options->compile.jobs, "Kernels compiled at once")
        ->check(CLI::Range(1, 256))
        ->capture_default_str();
    command
        ->add_option("--schedule-timeout", options->compile.seconds_per_schedule,
                     "Seconds after which a schedule is dropped for the next")
        ->check(CLI::Range(0.1, 3600.0))
        ->capture_default_str();
    command->add_option("--tune", options->tune,
                        "First search the fastest schedules of kernels without records, for so "
                        "long at most: 90s, 10m");
    command
        ->add_option("--threads", options->compile.rules.threads,
                     "Threads that schedules are chosen for: the library runs on any number, and "
                     "takes records of so many where there are some")
        ->check(CLI::Range(1, 256))
        ->capture_default_str();
    add_records_option(*command, options->compile.record_files);
    add_rounding_options(*command, options->compile.rules);
    command->add_flag("-q,--quiet", options->quiet, "Print nothing but warnings and errors");
    command->footer(
        "Writes DIR/lib/libNAME.a (DIR/lib/SYSTEM/libNAME.a for several systems), "
        "DIR/include/NAME.h, DIR/share/NAME.json (what is inside) and "
        "CMake package files:\n"
        "all of them or none.\n\nExamples: convoy compile resnet34.onnx --board host -o out\n"
        "          convoy compile g4ic64ih56oc64kh3ph1+bias+relu --weights w.npy --bias b.npy -o "
        "out\n"
        "Exit code 0, 1 on an error (one line says which), 130 when interrupted.");
    command->callback([options] { run(*options); });
}

}  // namespace convoy
