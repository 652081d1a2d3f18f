#include <algorithm>
#include <cstdio>
#include <memory>

#include "targets/board.h"
#include "tools/command.h"

namespace convoy {

namespace {

void list_boards() {
    const Board host = detect_host();
    std::printf("%-14s %-7s %9s %8s %8s %8s  %s\n", "board", "floats", "GFLOP/s", "L1d KiB",
                "L2 KiB", "L3 MiB", "description");
    for (const std::string &name : board_names()) {
        const Board b = load_board(name);
        const std::string text = name == "host" ? "this machine, as " + b.name : b.description;
        std::printf("%-14s %-7d %9.0f %8d %8d %8.0f  %s\n", name.c_str(), b.vector_floats,
                    b.peak_gflops(), b.l1d_bytes / 1024, b.l2_bytes / 1024, b.l3_bytes / 1048576.0,
                    text.c_str());
    }
}

}  // namespace

void add_boards_command(CLI::App &app) {
    CLI::App *command =
        app.add_subcommand("boards", "List the boards that models can be compiled for");
    command->footer("Board files lie in " + boards_folder().string() +
                    " (or $CONVOY_BOARDS). GFLOP/s is the peak of one core in float32.");
    command->callback(list_boards);
}

}  // namespace convoy
