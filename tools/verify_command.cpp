#include <cmath>
#include <cstdio>
#include <memory>

#include "compiler/onnx/import.h"
#include "compiler/reference.h"
#include "tools/command.h"
#include "tools/loaded_library.h"
#include "tools/options.h"
#include "tools/progress.h"

namespace convoy {

namespace {

struct Options {
    std::filesystem::path model, library, weights, bias;
    std::vector<std::string> dims;
    double tolerance = 1e-4;
    int threads = 1;
};

struct Difference {
    double largest = 0, absolute = 0, relative = 0;  // relative to the output's largest magnitude
    bool finite = true;
};

Difference compare(const std::vector<float> &found, const std::vector<double> &expected) {
    Difference d;
    for (size_t i = 0; i < expected.size(); i++) {
        d.largest = std::max(d.largest, std::abs(expected[i]));
        d.absolute = std::max(d.absolute, std::abs(found[i] - expected[i]));
        if (!std::isfinite(found[i])) d.finite = false;
    }
    d.relative = d.absolute / (d.largest > 0 ? d.largest : 1);
    return d;
}

std::vector<LoadedLibrary::Dims> dims_of(const Graph &graph, const std::vector<ValueId> &values) {
    std::vector<LoadedLibrary::Dims> dims;
    for (ValueId v : values) dims.push_back(graph.values[v].dims);
    return dims;
}

void check_shapes(const Graph &graph, const LoadedLibrary &library, const Options &options) {
    const char *which = dims_of(graph, graph.inputs) != library.input_dims()     ? "inputs"
                        : dims_of(graph, graph.outputs) != library.output_dims() ? "outputs"
                                                                                 : nullptr;
    if (which)
        throw std::runtime_error(library.name() + " was not compiled from " +
                                 options.model.string() + ": their " + which + " differ");
}

// Prints a row an output; true when all are within the tolerance.
bool print_differences(const Graph &graph, const LoadedLibrary::Tensors &found,
                       const std::vector<std::vector<double>> &expected, double tolerance) {
    std::printf("%-32s %12s %12s %12s %12s\n", "output", "elements", "largest", "max abs",
                "max rel");
    bool all_close = true;
    for (size_t i = 0; i < expected.size(); i++) {
        const Difference d = compare(found[i], expected[i]);
        const bool close = d.finite && d.relative <= tolerance;
        all_close = all_close && close;
        std::printf("%-32s %12zu %12.5g %12.3g %12.3g %s\n",
                    graph.values[graph.outputs[i]].name.c_str(), expected[i].size(), d.largest,
                    d.absolute, d.relative,
                    close      ? ""
                    : d.finite ? "TOO LARGE"
                               : "NOT FINITE");
    }
    return all_close;
}

Graph read_graph(const Options &options, Progress &progress) {
    if (is_layer_descriptor(options.model)) {
        const Layer layer = parse_layer_argument(options.model);
        return layer_graph(layer, read_layer_constants(layer, options.weights, options.bias));
    }
    ImportOptions import_options;
    import_options.dims = parse_dims(options.dims);
    import_options.warn = [&](const std::string &text) { progress.warn(text); };
    return import_onnx(options.model, import_options);
}

void run(const Options &options) {
    Progress progress(true);
    const Graph graph = read_graph(options, progress);
    LoadedLibrary library(options.library);
    check_shapes(graph, library, options);

    const LoadedLibrary::Tensors inputs = random_inputs(library);
    LoadedLibrary::Tensors outputs = library.make_outputs();
    library.pack(inputs);
    library.run(inputs, outputs, options.threads);

    progress.show("evaluating the model in double precision", 0, 0);
    std::vector<std::vector<double>> exact;
    for (const auto &input : inputs) exact.emplace_back(input.begin(), input.end());
    const std::vector<std::vector<double>> expected = evaluate(graph, exact);
    progress.clear();
    if (!print_differences(graph, outputs, expected, options.tolerance))
        throw std::runtime_error(library.name() +
                                 " differs from its model by more than the tolerance");
}

}  // namespace

void add_verify_command(CLI::App &app) {
    CLI::App *command = app.add_subcommand(
        "verify", "Compare a compiled library with its model in double precision");
    auto options = std::make_shared<Options>();
    command->add_option("model", options->model, model_argument_help)->required();
    command->add_option("library", options->library, "DIR/NAME of the library")->required();
    command->add_option("--weights", options->weights, "A layer's weights, as given to compile");
    command->add_option("--bias", options->bias, "A layer's bias, as given to compile");
    command->add_option("--dim", options->dims,
                        "Size of a named dimension, as N=1, as given to compile");
    command
        ->add_option("--tolerance", options->tolerance,
                     "Largest error allowed, relative to an output's largest magnitude")
        ->capture_default_str();
    command->add_option("--threads", options->threads, "Threads to run on")
        ->check(CLI::Range(1, 256))
        ->capture_default_str();
    command->footer(
        "Example: convoy verify resnet34.onnx out/resnet34\nExit code 1 when an output differs by "
        "more.");
    command->callback([options] { run(*options); });
}

}  // namespace convoy