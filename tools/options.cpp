#include "tools/options.h"

#include <charconv>
#include <cstdlib>
#include <fstream>
#include <stdexcept>

namespace convoy {

Layer parse_layer_argument(const std::filesystem::path &argument) {
    try {
        return parse_layer(argument.string());
    } catch (const std::invalid_argument &error) {
        throw std::invalid_argument("no such file, and no layer: " + std::string(error.what()));
    }
}

void add_records_option(CLI::App &command, std::vector<std::filesystem::path> &files) {
    command
        .add_option("--records", files,
                    "A file of records, as 'convoy records export' writes; its records win over "
                    "the user's database and the project's. May be repeated")
        ->allow_extra_args(false);
}

void add_rounding_options(CLI::App &command, ScheduleRules &rules) {
    command.add_flag("!--no-winograd", rules.winograd,
                     "Sum each convolution's own products only: without Winograd's and Strassen's "
                     "algorithms, whose error the manifest states");
    command
        .add_option("--max-error", rules.max_error,
                    "What these algorithms may err together at the outputs, relative to their "
                    "root mean square and as estimated from the weights: beyond it, the layers "
                    "that would add most have less of them")
        ->check([](const std::string &text) {
            char *end = nullptr;
            const double error = std::strtod(text.c_str(), &end);
            const bool is_share = !text.empty() && *end == 0 && error >= 0 && error <= 1;
            return is_share ? std::string() : "'" + text + "', expected a number from 0 to 1";
        })
        ->capture_default_str();
}

std::map<std::string, int64_t> parse_dims(const std::vector<std::string> &texts) {
    std::map<std::string, int64_t> dims;
    for (const std::string &text : texts) {
        const size_t equals = text.find('=');
        int64_t value = 0;
        const char *end = text.data() + text.size();
        const auto parsed = equals == std::string::npos || equals == 0
                                ? std::from_chars_result{end, std::errc::invalid_argument}
                                : std::from_chars(text.data() + equals + 1, end, value);
        if (parsed.ec != std::errc{} || parsed.ptr != end || value < 1) {
            throw std::invalid_argument("--dim '" + text +
                                        "': expected NAME=VALUE with a positive value, as N=1");
        }
        dims[text.substr(0, equals)] = value;
    }
    return dims;
}

// One descriptor a line; '#' starts a comment.
std::vector<std::string> read_layers(const std::filesystem::path &file) {
    std::ifstream stream(file);
    if (!stream) throw std::invalid_argument(file.string() + ": cannot be read");
    std::vector<std::string> layers;
    for (std::string line; std::getline(stream, line);) {
        line = line.substr(0, line.find('#'));
        const size_t first = line.find_first_not_of(" \t\r");
        if (first == std::string::npos) continue;
        layers.push_back(line.substr(first, line.find_last_not_of(" \t\r") + 1 - first));
    }
    return layers;
}

namespace {

Graph graph_of(const Layer &layer) {
    // What the weights are changes no kernel; given as constants, they are packed ahead.
    const ConvProblem &p = layer.problem;
    const auto ones = [](int64_t count) {
        return std::make_shared<const std::vector<float>>(count, 1.0f);
    };
    LayerConstants constants{ones(int64_t{p.oc} * p.ic_per_group() * p.kh * p.kw), {}};
    if (layer.has_bias) constants.bias = ones(p.oc);
    return layer_graph(layer, constants);
}

}  // namespace

Analyzed model_or_layer(const std::string &argument, const ImportOptions &options) {
    if (is_layer_descriptor(argument)) {
        const Layer layer = parse_layer_argument(argument);
        return {"", [layer] { return graph_of(layer); }};
    }
    const std::filesystem::path file = argument;
    return {file.stem().string(), [file, &options] { return import_onnx(file, options); }};
}

double parse_duration(const std::string &text) {
    double value = 0;
    const char *end = text.data() + text.size();
    const auto [rest, error] = std::from_chars(text.data(), end, value);
    const std::string unit(rest, end);
    const double seconds = unit == "s" ? 1 : unit == "m" ? 60 : unit == "h" ? 3600 : 0;
    if (error != std::errc{} || seconds == 0 || !(value > 0) || value > 1e6)
        throw std::invalid_argument("'" + text +
                                    "' is no duration, expected one as 90s, 10m or 2h");
    return value * seconds;
}

}  // namespace convoy
