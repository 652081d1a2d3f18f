#include "compiler/compile.h"

#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <map>
#include <set>
#include <tuple>

#include "compiler/emit/library.h"
#include "compiler/emit/staging.h"
#include "compiler/emit/toolchain.h"
#include "compiler/interrupt.h"
#include "compiler/passes/optimize.h"
#include "compiler/plan/memory_plan.h"
#include "compiler/plan/packing.h"
#include "compiler/plan/plan_network.h"
#include "compiler/records_here.h"
#include "schedules/record_file.h"
#include "targets/system.h"

namespace convoy {

namespace {

namespace fs = std::filesystem;

void report(const CompileOptions &options, const std::string &what, int done = 0, int total = 0) {
    if (options.progress) options.progress(what, done, total);
    throw_if_interrupted();
}

// "avx2, zen4".
std::string listed(const std::set<std::string> &names) {
    std::string text;
    for (const std::string &name : names) text += (text.empty() ? "" : ", ") + name;
    return text.empty() ? "no board" : text;
}

// Weights that each run would have to pack: a GPU's variant cannot.
void expect_constants(const Plan &plan, const Board &board) {
    for (const PlanStep &step : plan.steps) {
        if (!step.packing) continue;
        throw CompileError("'" + step.name + "' computes its weights or bias, which board " +
                           board.name + " cannot, expected constants or a board without a GPU");
    }
}

void warn_of_illegal_records(const Plan &plan, const Board &board, const Records &records,
                             const CompileOptions &options) {
    if (!options.import.warn) return;
    for (const Kernel &kernel : plan.kernels) {
        const Record *record = records.find(to_string(kernel));
        if (record && !is_legal(kernel, record->schedule, board))
            options.import.warn("the record of " + record->kernel + " (" + record->source +
                                ") is ignored: its schedule " + to_string(record->schedule) +
                                " is not legal for it");
    }
}

Variant compile_variant(const Graph &model, const Board &board, const std::string &name,
                        const fs::path &work, bool packs_ahead, const CompileOptions &options) {
    ScheduleRules asked = options.rules;
    if (board.gpu) asked.threads = 1;
    const Records records = records_here(
        board,
        {.files = options.record_files, .warn = options.import.warn, .threads = asked.threads});
    report(options, "choosing layouts for " + board.name);
    PlannedNetwork network = plan_network(model, board, records, asked);
    const ScheduleRules &rules = network.rules;
    Variant variant{board, std::move(network.plan), {}, {}};

    KernelCompileOptions kernel_options;
    kernel_options.jobs = options.jobs;
    kernel_options.seconds_per_schedule = options.seconds_per_schedule;
    kernel_options.rules = rules;
    kernel_options.warn = options.import.warn;
    kernel_options.progress = [&](int done, int total) {
        report(options, "compiling kernels for " + board.name, done, total);
    };
    variant.kernels = compile_kernels(variant.plan.kernels, board, records,
                                      symbol_prefix(name, board), work, kernel_options);
    warn_of_illegal_records(variant.plan, board, records, options);
    (packs_ahead ? plan_packing_ahead : plan_packing)(variant.plan, variant.kernels);
    if (board.gpu && !packs_ahead) expect_constants(variant.plan, board);
    plan_memory(variant.plan, board.gpu.has_value());
    if (variant.plan.looped_steps > 0)
        variant.plan.lanes = std::min(rules.threads, variant.plan.images);
    report(options, "packing weights for " + board.name);
    variant.constants = pack_constants(variant.plan, variant.kernels);
    return variant;
}

// Each board once, as the names come.
std::vector<Board> load_boards(const std::vector<std::string> &names) {
    std::vector<Board> boards;
    std::map<std::string, std::string> name_of;  // by the prefix of the board's symbols
    for (const std::string &name : names) {
        Board board = load_board(name);
        const auto [same, is_new] = name_of.insert({symbol_prefix("", board), name});
        if (is_new) {
            boards.push_back(std::move(board));
        } else if (same->second != name && name != "host" && same->second != "host") {
            throw BoardError("boards '" + same->second + "' and '" + name +
                             "' have one name, expected two that differ in a letter or digit");
        }
    }
    return boards;
}

// The boards that are asked for, by their systems.
std::vector<std::vector<Board>> boards_by_system(const CompileOptions &options) {
    std::vector<std::vector<Board>> systems;
    const std::vector<Board> boards = load_boards(options.boards);
    for (const Board &board : boards) {
        const std::string system = system_of(board);
        if (!options.system.empty() && system != options.system) continue;
        const auto own = std::find_if(systems.begin(), systems.end(), [&](const auto &other) {
            return system_of(other.front()) == system;
        });
        (own == systems.end() ? systems.emplace_back() : *own).push_back(board);
    }
    if (systems.empty())
        throw BoardError("board " + boards.front().name + " is for " + system_of(boards.front()) +
                         ", expected one for " + options.system);
    // At start a library takes the first board whose GPU is there, or whose features the CPU has.
    const auto demands = [](const Board &b) {
        return std::tuple(b.gpu.has_value(), b.gpu ? b.gpu->compute_capability : 0,
                          b.cpu_features.size());
    };
    for (std::vector<Board> &own : systems) {
        std::stable_sort(own.begin(), own.end(),
                         [&](const Board &a, const Board &b) { return demands(a) > demands(b); });
    }
    return systems;
}

// Everything that goes into the library, as object files in the work folder.
std::vector<fs::path> build_objects(const Library &library, const Toolchain &tools,
                                    const fs::path &work) {
    const Board &board = library.variants.front().board;
    const fs::path driver = work / "driver.c";
    write_file(driver, driver_source(library));
    tools.compile(board, driver, work / "driver.o");
    std::vector<fs::path> objects = {work / "driver.o"};
    for (const Variant &variant : library.variants) {
        for (const CompiledKernel &kernel : variant.kernels) objects.push_back(kernel.object);
        if (variant.constants.bytes() == 0) continue;
        const std::string prefix = symbol_prefix(library.name, variant.board);
        const fs::path data = work / (prefix + "weights.bin"),
                       source = work / (prefix + "weights.s");
        write_file(data,
                   std::string_view(reinterpret_cast<const char *>(variant.constants.data.data()),
                                    variant.constants.bytes()));
        write_file(source, weights_source(prefix, data.string()));
        tools.compile(variant.board, source, work / (prefix + "weights.o"));
        fs::remove(data);
        objects.push_back(work / (prefix + "weights.o"));
    }
    // Libraries share a program with others, and with Halide's own runtime: what kernels call must
    // have a name of the library's.
    std::vector<std::pair<std::string, std::string>> names;
    for (const char *function :
         {"do_par_for", "malloc", "free", "copy_to_device", "cuda_device_interface",
          "cuda_initialize_kernels", "cuda_finalize_kernels", "cuda_run", "opencl_device_interface",
          "opencl_initialize_kernels", "opencl_finalize_kernels", "opencl_run"})
        names.push_back({std::string("halide_") + function, library.name + "_" + function});
    for (const fs::path &object : objects) {
        if (!object.stem().string().ends_with("weights")) tools.rename_symbols(object, names);
    }
    return objects;
}

// An input or output as the C ABI can describe it.
const Value &border_value(const Graph &graph, ValueId v, const std::string &source) {
    const Value &value = graph.values[v];
    if (value.dims.size() > 8) {
        throw CompileError(source + ": '" + value.name + "' has " +
                           std::to_string(value.dims.size()) + " dims, expected at most 8");
    }
    return value;
}

// The header's struct is named after the library: keywords, and the namespaces that it includes.
const std::set<std::string> &taken_names() {
    static const std::set<std::string> names = {
        "alignas",   "alignof",   "and",      "asm",       "auto",      "bool",     "break",
        "case",      "catch",     "char",     "class",     "concept",   "const",    "consteval",
        "constexpr", "constinit", "continue", "convoy",    "decltype",  "default",  "delete",
        "do",        "double",    "else",     "enum",      "explicit",  "export",   "extern",
        "false",     "float",     "for",      "friend",    "goto",      "if",       "inline",
        "int",       "long",      "mutable",  "namespace", "new",       "noexcept", "not",
        "nullptr",   "operator",  "or",       "private",   "protected", "public",   "register",
        "requires",  "restrict",  "return",   "short",     "signed",    "sizeof",   "static",
        "std",       "struct",    "switch",   "template",  "this",      "throw",    "true",
        "try",       "typedef",   "typeid",   "typename",  "union",     "unsigned", "using",
        "virtual",   "void",      "volatile", "while",     "xor"};
    return names;
}

}  // namespace

std::string library_name(const std::string &text) {
    std::string name = text;
    for (char &c : name) {
        if (!isalnum((unsigned char)c)) c = '_';
    }
    if (name.empty() || isdigit((unsigned char)name[0]) || taken_names().contains(name))
        name = "model_" + name;
    return name;
}

namespace {

// Of the layer's inputs, weights and bias become one: what the pack function makes of them.
void take_weights_as_packed(Library &library, const Graph &layer) {
    const Node &node = layer.nodes[0];
    const auto &conv = std::get<Conv2d>(node.operation);
    library.weights = layer.values[node.inputs[conv.weights_input()]];
    if (!conv.bias) library.bias = layer.values[node.inputs[conv.bias_input()]];
    library.packed_input = 1;
    const auto first = library.inputs.begin() + library.packed_input;
    library.inputs.erase(first, first + 1 + library.bias.has_value());
    library.inputs.insert(library.inputs.begin() + library.packed_input, {"packed", {}});
}

// One header serves all libraries: what the pack function makes has room for any board's.
void share_packed_size(std::vector<Library> &package) {
    int64_t floats = 0;
    for (const Library &library : package) floats = std::max(floats, library.packed_floats());
    for (Library &library : package) library.inputs[library.packed_input].dims = {floats};
}

// `folder` is the library's system where there are several, else empty.
fs::path library_file(const std::string &name, const std::string &folder, bool is_shared) {
    return fs::path("lib") / folder / ("lib" + name + (is_shared ? ".so" : ".a"));
}

fs::path driver_file(const std::string &name, const std::string &folder) {
    return fs::path("share") / folder / (name + "_driver.c");
}

void write_library(const Library &library, const Toolchain &tools, Staging &staging,
                   bool is_shared) {
    const std::vector<fs::path> objects =
        build_objects(library, tools, staging.work() / library.system);
    if (is_shared) {
        tools.link_shared(library.variants.front().board, objects, staging.file(library.file));
    } else {
        tools.archive(objects, staging.file(library.file));
    }
    write_file(staging.file(driver_file(library.name, library.folder)), driver_source(library));
}

// An earlier compilation's libraries, where the number of systems was another: a program might
// still link them.
void remove_others(const std::vector<Library> &package, Staging &staging) {
    std::vector<std::string> systems = system_names();
    systems.push_back("");
    const std::string &name = package.front().name;
    for (const std::string &folder : systems) {
        const bool is_own =
            std::any_of(package.begin(), package.end(),
                        [&](const Library &library) { return library.folder == folder; });
        if (is_own) continue;
        for (bool is_shared : {false, true}) staging.remove(library_file(name, folder, is_shared));
        staging.remove(driver_file(name, folder));
    }
}

// Damaged files fail before the work begins; one that speaks of none of the boards is told of.
void check_record_files(const std::vector<std::vector<Board>> &systems,
                        const CompileOptions &options) {
    std::set<std::string> names;
    for (const std::vector<Board> &boards : systems)
        for (const Board &board : boards) names.insert(board.name);
    for (const fs::path &file : options.record_files) {
        std::set<std::string> others;
        bool is_of_use = false;
        for (const TunedRecord &record : read_record_file(file)) {
            is_of_use |= names.contains(record.board);
            others.insert(record.board);
        }
        if (!is_of_use && options.import.warn)
            options.import.warn(file.string() + ": has records of " + listed(others) +
                                ", expected some of " + listed(names));
    }
}

CompileResult compile_graph(Graph graph, const Library &library, const CompileOptions &options) {
    const std::string name = library.name;
    const bool packs_ahead = library.packed_input >= 0;
    const std::vector<std::vector<Board>> systems = boards_by_system(options);
    check_record_files(systems, options);
    const Toolchain tools;
    report(options, "optimising the graph");
    optimize(graph);

    Staging staging(options.folder);
    std::vector<Library> package;
    for (const std::vector<Board> &boards : systems) {
        Library &own = package.emplace_back(library);
        own.system = system_of(boards.front());
        const fs::path work = staging.work() / own.system;
        fs::create_directory(work);
        for (const Board &board : boards)
            own.variants.push_back(compile_variant(graph, board, name, work, packs_ahead, options));
    }
    graph = {};
    if (packs_ahead) share_packed_size(package);
    const bool takes_device_memory =
        std::any_of(package.begin(), package.end(), [](const Library &l) { return l.has_gpu(); });
    for (Library &own : package) {
        own.takes_device_memory = takes_device_memory;
        own.folder = package.size() > 1 ? own.system : "";
        own.file = library_file(name, own.folder, options.shared);
    }

    report(options, "writing the library");
    const fs::path header = fs::path("include") / (name + ".h"),
                   json = fs::path("share") / (name + ".json");
    for (const Library &own : package) write_library(own, tools, staging, options.shared);
    write_file(staging.file(header), header_source(package.front()));
    write_file(staging.file(json), manifest(package));
    write_file(staging.file(fs::path("lib") / "cmake" / name / (name + "-config.cmake")),
               cmake_config(package, options.shared));
    remove_others(package, staging);
    throw_if_interrupted();
    staging.publish();

    const Variant &first = package.front().variants.front();
    CompileResult result{name, {}, options.folder / header, options.folder / json};
    for (const Library &own : package) {
        result.libraries.push_back(options.folder / own.file);
        result.arena_bytes = std::max(result.arena_bytes, own.arena_bytes());
        result.weight_bytes = std::max(result.weight_bytes, own.constant_bytes());
    }
    result.parameters = library.parameters;
    result.kernels = (int)first.kernels.size();
    result.steps = (int)first.plan.steps.size();
    for (int s = 0; s < result.steps; s++) {
        const PlanStep &step = first.plan.steps[s];
        const int calls = first.plan.calls(s);
        result.macs += calls * macs(step.kernel);
        result.expected_us +=
            calls * first.kernels[step.kernel_index].ranked.cycles / (first.board.clock_ghz * 1e3);
    }
    return result;
}

// A library without its variants. `source` is a file's name or a layer's descriptor.
Library describe(const Graph &graph, const std::string &source, const std::string &default_name,
                 const CompileOptions &options) {
    const std::string name = library_name(options.name.empty() ? default_name : options.name);
    if (!options.name.empty() && name != options.name)
        throw CompileError("the name '" + options.name + "' is no free identifier of C and C++, " +
                           "expected one as '" + name + "'");
    Library library;
    library.name = name;
    library.source = source;
    library.threads = options.rules.threads;
    library.parameters = graph.parameter_count();
    for (ValueId v : graph.inputs) library.inputs.push_back(border_value(graph, v, source));
    for (ValueId v : graph.outputs) library.outputs.push_back(border_value(graph, v, source));
    return library;
}

}  // namespace

CompileResult compile_model(const fs::path &model, const CompileOptions &options) {
    report(options, "reading " + model.filename().string());
    Graph graph = import_onnx(model, options.import);
    Library library = describe(graph, model.filename().string(), model.stem().string(), options);
    return compile_graph(std::move(graph), library, options);
}

CompileResult compile_layer(const Layer &layer, const LayerConstants &constants,
                            const CompileOptions &options) {
    Graph graph = layer_graph(layer, constants);
    Library library = describe(graph, to_string(layer), layer_library_name(layer), options);
    if (!constants.weights) take_weights_as_packed(library, graph);
    return compile_graph(std::move(graph), library, options);
}

}  // namespace convoy
