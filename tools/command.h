#pragma once

#include <CLI/CLI.hpp>

namespace convoy {

// Each adds one subcommand to the `convoy` command; a subcommand that fails throws.
void add_compile_command(CLI::App &app);
void add_verify_command(CLI::App &app);
void add_bench_command(CLI::App &app);
void add_boards_command(CLI::App &app);
void add_analyze_command(CLI::App &app);
void add_explain_command(CLI::App &app);
void add_records_command(CLI::App &app);
void add_tune_command(CLI::App &app);

}  // namespace convoy
