#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "compiler/analyze/used_kernels.h"
#include "compiler/layer.h"
#include "compiler/onnx/import.h"

namespace convoy {

// What stands for a model on the command line.
constexpr const char *model_argument_help =
    "An ONNX file, or a layer: ic ih oc kh, and where they are needed mb g iw oh ow kw sh sw dh dw "
    "ph pw phe pwe, each with its number; then +bias, +add and an activation";

// The layer that an argument which is no model file describes. Throws std::invalid_argument that
// says that it is neither.
Layer parse_layer_argument(const std::filesystem::path &argument);

// --records FILE, several times or several files.
void add_records_option(CLI::App &command, std::vector<std::filesystem::path> &files);

// --no-winograd and --max-error.
void add_rounding_options(CLI::App &command, ScheduleRules &rules);

// {"N=1"} as {"N": 1}. Throws std::invalid_argument naming what is not NAME=VALUE.
std::map<std::string, int64_t> parse_dims(const std::vector<std::string> &texts);

// The layers of a file: one descriptor a line; '#' starts a comment.
std::vector<std::string> read_layers(const std::filesystem::path &file);

// What an argument names, read when it is its turn; `options` must stay as long.
Analyzed model_or_layer(const std::string &argument, const ImportOptions &options);

// Seconds of "90s", "10m" or "2h". Throws std::invalid_argument.
double parse_duration(const std::string &text);

}  // namespace convoy
