#include <cstdio>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>

#include "compiler/analyze/explain.h"
#include "compiler/plan/plan.h"
#include "tools/command.h"
#include "tools/explain_layouts.h"
#include "tools/options.h"
#include "tools/progress.h"

namespace convoy {

namespace {

using nlohmann::json;

struct Options {
    std::vector<std::string> models;
    std::string board = "host";
    ImportOptions import;
    std::vector<std::string> dims;
    AnalyzeOptions analyze;
    bool json = false, details = false, layouts = false;
};

constexpr double bytes_a_kib = 1024;

double us_of(const RankedSchedule &candidate, const Board &board) {
    return candidate.cycles / (board.clock_ghz * 1e3);
}

std::string origin_of(const KernelExplanation &e) {
    if (!e.ranked.from_record()) return "model";
    const std::string record = "record of " + e.ranked.record->source;
    return e.ranked.is_of(e.kernel) ? record : record + ", of " + e.ranked.record->kernel;
}

const char *bound_by(const Roofline &line) {
    return line.compute_us >= line.memory_us ? "compute" : line.memory;
}

double percent_of_roofline(const KernelExplanation &e, const Board &board) {
    return 100 * e.roofline_us() / e.expected_us(board);
}

// A number, or a dash where there is none.
std::string number(const std::optional<double> &value, const char *format) {
    if (!value) return "-";
    char text[32];
    std::snprintf(text, sizeof text, format, *value);
    return text;
}

// Of a level, in KiB, and what the schedule moves for each byte of it.
std::optional<double> bound_kib(const LevelExplanation &l, bool is_exact) {
    if (!l.bound) return {};
    return l.bound_bytes(is_exact) / bytes_a_kib;
}
std::optional<double> ratio(const LevelExplanation &l, bool is_exact) {
    if (!l.bound || !l.traffic_bytes) return {};
    return *l.traffic_bytes / l.bound_bytes(is_exact);
}

// --- as JSON ---

json to_json(const ConvTile &t) {
    return {{"mb", t.mb}, {"g", t.g},   {"oc", t.oc}, {"ic", t.ic},
            {"oh", t.oh}, {"ow", t.ow}, {"kh", t.kh}, {"kw", t.kw}};
}

json to_json(const LevelExplanation &l, bool is_exact) {
    json result = {{"level", l.level.name}, {"bytes", l.level.bytes}};
    if (l.bound) {
        result["bound_bytes"] = l.bound_bytes(is_exact);
        result["program_bytes"] = l.bound->traffic.program_bytes;
        result["compulsory_bytes"] = l.bound->traffic.compulsory_bytes;
        result["tile"] = to_json(l.bound->tiling.tile);
        result["real_tile"] = to_json(l.bound->tiling.real);
    }
    result["traffic_bytes"] = l.traffic_bytes ? json(*l.traffic_bytes) : json(nullptr);
    return result;
}

json to_json(const KernelExplanation &e, const Board &board) {
    json levels = json::array(), candidates = json::array();
    for (const LevelExplanation &l : e.levels) levels.push_back(to_json(l, e.is_exact));
    for (const RankedSchedule &c : e.candidates) {
        candidates.push_back({{"template", c.schedule.template_name},
                              {"parameters", c.schedule.parameters},
                              {"expected_us", us_of(c, board)}});
    }
    return {{"kernel", to_string(e.kernel)},
            {"steps", e.steps},
            {"macs", macs(e.kernel)},
            {"template", e.ranked.schedule.template_name},
            {"parameters", e.ranked.schedule.parameters},
            {"origin", origin_of(e)},
            {"expected_us", e.expected_us(board)},
            {"compute_us", e.roofline.compute_us},
            {"memory_us", e.roofline.memory_us},
            {"memory", e.roofline.memory},
            {"percent_of_roofline", percent_of_roofline(e, board)},
            {"levels", std::move(levels)},
            {"candidates", std::move(candidates)}};
}

// --- for people ---

std::string to_string(const ConvTile &t) {
    std::string text;
    const std::pair<const char *, double> loops[] = {{"mb", t.mb}, {"g", t.g},   {"ic", t.ic},
                                                     {"oc", t.oc}, {"oh", t.oh}, {"ow", t.ow},
                                                     {"kh", t.kh}, {"kw", t.kw}};
    for (const auto &[name, extent] : loops) {
        if (extent == 1) continue;
        text += (text.empty() ? "" : " ") + std::string(name) + std::to_string((int64_t)extent);
    }
    return text.empty() ? "one multiply-add" : text;
}

void print_levels(const KernelExplanation &e) {
    std::printf("%-10s %12s %12s %12s %7s  %s\n", "level", "size KiB", "bound KiB", "traffic KiB",
                "ratio", "tile of the bound's program");
    for (const LevelExplanation &l : e.levels) {
        std::optional<double> traffic_kib;
        if (l.traffic_bytes) traffic_kib = *l.traffic_bytes / bytes_a_kib;
        std::printf(
            "%-10s %12.1f %12s %12s %7s  %s\n", l.level.name.c_str(),
            (double)l.level.bytes / bytes_a_kib, number(bound_kib(l, e.is_exact), "%.1f").c_str(),
            number(traffic_kib, "%.1f").c_str(), number(ratio(l, e.is_exact), "%.2f").c_str(),
            l.bound ? to_string(l.bound->tiling.tile).c_str() : "none");
    }
}

void print_candidates(const KernelExplanation &e, const Board &board) {
    const size_t count = e.candidates.size();
    std::printf("%-10s %12s  of %zu schedules\n", "rank", "us", count);
    const auto row = [&](const std::string &rank, const RankedSchedule &candidate) {
        std::printf("%-10s %12.1f  %s\n", rank.c_str(), us_of(candidate, board),
                    to_string(candidate.schedule).c_str());
    };
    constexpr size_t first = 5;
    for (size_t at = 0; at < std::min(first, count); at++)
        row(std::to_string(at + 1), e.candidates[at]);
    if (count > first + 1) row("median", e.candidates[count / 2]);
    if (count > first) row("worst", e.candidates.back());
}

void print_details(const KernelExplanation &e, const Board &board) {
    const Roofline &line = e.roofline;
    std::printf("kernel     %s\n", to_string(e.kernel).c_str());
    std::printf("schedule   %s, by the %s\n", to_string(e.ranked.schedule).c_str(),
                origin_of(e).c_str());
    std::printf("expected   %.1f us, %.0f%% of the roofline\n", e.expected_us(board),
                percent_of_roofline(e, board));
    std::printf("roofline   %.1f us: multiply-adds %.1f us, data once from %s %.1f us\n\n",
                e.roofline_us(), line.compute_us, line.memory, line.memory_us);
    print_levels(e);
    if (!e.is_exact)
        std::printf(
            "The schedule has fewer multiply-adds than roofline and program count: the bound "
            "is each array once.\n");
    std::printf("\n");
    print_candidates(e, board);
}

void print_table(const std::vector<KernelExplanation> &list, const Board &board) {
    std::printf("%5s %10s %6s %9s %-8s", "times", "us", "share", "roofline", "bound by");
    for (const LevelExplanation &l : list.front().levels) std::printf(" %9s", l.level.name.c_str());
    std::printf("  %s\n", "kernel and schedule");
    double total = 0, roofline_total = 0, steps = 0;
    for (const KernelExplanation &e : list) {
        const double times = (double)e.steps.size();
        total += times * e.expected_us(board);
        roofline_total += times * e.roofline_us();
        steps += times;
    }
    for (const KernelExplanation &e : list) {
        const double us = e.expected_us(board);
        std::printf("%5zu %10.1f %5.1f%% %8.0f%% %-8s", e.steps.size(), us,
                    100 * us * (double)e.steps.size() / total, percent_of_roofline(e, board),
                    bound_by(e.roofline));
        for (const LevelExplanation &l : e.levels)
            std::printf(" %9s", number(ratio(l, e.is_exact), "%.2f").c_str());
        std::printf("  %s\n%*s%s\n", to_string(e.kernel).c_str(), (int)(44 + 10 * e.levels.size()),
                    "", to_string(e.ranked.schedule).c_str());
    }
    std::printf("%5.0f %10.1f %5.1f%% %8.0f%% %s\n", steps, total, 100.0,
                100 * roofline_total / total, "in all");
}

void print(const std::vector<KernelExplanation> &list, const Board &board, bool details) {
    std::printf("board %s: %s\n\n", board.name.c_str(), board.description.c_str());
    if (details) {
        for (const KernelExplanation &e : list) {
            if (&e != &list.front()) std::printf("\n\n");
            print_details(e, board);
        }
        std::printf(
            "\nbound: bytes that any order of the multiply-adds moves through a cache of this size "
            "that is empty before;\ntraffic: what the schedule is taken to move, - where its "
            "template does not model it\n");
        return;
    }
    print_table(list, board);
    std::printf(
        "\nus: predicted, of one call; under each cache: bytes the schedule is taken to move "
        "through it, over the least that any\norder of the multiply-adds moves, - where there is "
        "no model of one of them; kernels that do not multiply are left out\n");
}

void run(Options &options) {
    options.import.dims = parse_dims(options.dims);
    const Board board = load_board(options.board);
    std::vector<Analyzed> models;
    bool only_layers = true;
    for (const std::string &argument : options.models) {
        models.push_back(model_or_layer(argument, options.import));
        only_layers = only_layers && is_layer_descriptor(argument);
    }
    Progress progress(true);
    options.analyze.progress = [&](const std::string &what, int done, int total) {
        progress.show(what, done, total);
    };
    options.analyze.warn =
        options.import.warn = [&](const std::string &text) { progress.warn(text); };
    if (options.layouts) {
        const std::vector<LayoutReport> reports = report_layouts(models, board, options.analyze);
        progress.clear();
        print_layouts(reports, board, options.json);
        return;
    }
    const std::vector<KernelExplanation> list = explain(models, board, options.analyze);
    progress.clear();
    if (options.json) {
        json result = {{"board", board.name}, {"kernels", json::array()}};
        for (const KernelExplanation &e : list) result["kernels"].push_back(to_json(e, board));
        std::cout << result.dump(1) << "\n";
    } else if (list.empty()) {
        std::printf("no kernel of the model multiplies: there is nothing to explain\n");
    } else {
        print(list, board, options.details || only_layers);
    }
}

}  // namespace

void add_explain_command(CLI::App &app) {
    CLI::App *command = app.add_subcommand(
        "explain", "Tell why a layer's schedule was chosen, and what limits it: roofline, caches");
    auto options = std::make_shared<Options>();
    command->add_option("models", options->models, model_argument_help)->required();
    command->add_option("--board", options->board, "A board: 'convoy boards' lists them")
        ->capture_default_str();
    command->add_flag("--details", options->details,
                      "Of a model's kernels too what a layer gets: caches and schedules");
    command->add_flag("--layouts", options->layouts,
                      "Instead, how each value is stored, what another layout would cost, and "
                      "what simpler rules would");
    command->add_flag("--json", options->json, "Print JSON rather than tables");
    command->add_option("--dim", options->dims,
                        "Size of a named dimension, as N=1; may be repeated");
    add_records_option(*command, options->analyze.record_files);
    add_rounding_options(*command, options->analyze.rules);
    command->footer(
        "Compiles and measures nothing: times are the cost model's, or a record's.\n\n"
        "Example: convoy explain g4ic64ih56oc64kh3ph1+bias+relu --board avx512");
    command->callback([options] { run(*options); });
}

}  // namespace convoy
