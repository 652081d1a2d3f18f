#include <algorithm>
#include <cstdio>
#include <memory>
#include <string>

#include "targets/board.h"
#include "tools/command.h"

namespace convoy {

namespace {

void list_boards() {
    const Board host = detect_host();
    std::printf("%-14s %-7s %9s %8s %8s %8s  %s\n", "board", "floats", "GFLOP/s", "L1d KiB",
                "L2 KiB", "L3 MiB", "description");
    const auto kib_or_none = [](int bytes) {
        return bytes > 0 ? std::to_string(bytes / 1024) : std::string("-");
    };
    for (const std::string &name : board_names()) {
        const Board b = load_board(name);
        const std::string text = name == "host" ? "this machine, as " + b.name : b.description;
        const bool has_l3 = b.l3_bytes > b.l2_bytes;
        const std::string l3 = has_l3 ? std::to_string(b.l3_bytes / 1048576) : "-";
        std::printf("%-14s %-7d %9.0f %8s %8d %8s  %s\n", name.c_str(), b.vector_floats,
                    b.peak_gflops(), kib_or_none(b.l1d_bytes).c_str(), b.l2_bytes / 1024,
                    l3.c_str(), text.c_str());
    }
}

void print_level(const char *name, const std::string &size, double bytes_per_cycle,
                 const Board &b) {
    const double gbytes = bytes_per_cycle * b.clock_ghz;
    std::printf("%-8s %10s %8.0f %8.1f\n", name, size.c_str(), gbytes, b.peak_gflops() / gbytes);
}

std::string kib(int bytes) {
    return std::to_string(bytes / 1024) + " KiB";
}

void show_gpu(const Gpu &g) {
    if (g.api == "cuda")
        std::printf("device     CUDA, compute capability %d.%d or later, assembled for %s\n",
                    g.compute_capability / 10, g.compute_capability % 10, g.ptxas_target.c_str());
    std::printf("units      %d of %d lanes, %d threads and %d registers each\n", g.units,
                g.lanes_per_unit, g.threads_per_unit, g.registers_per_unit);
    std::printf("a block    at most %d threads of %d registers, %s of shared memory\n",
                g.threads_per_block, g.registers_per_thread, kib(g.shared_bytes).c_str());
    std::printf("a launch   %g us\n", g.launch_us);
}

void show_board(const Board &b) {
    std::printf("board      %s: %s\n", b.name.c_str(), b.description.c_str());
    std::printf("target     %s\n", b.halide_target.c_str());
    std::string features;
    for (const std::string &feature : b.cpu_features)
        features += (features.empty() ? "" : " ") + feature;
    std::printf("needs      %s\n", features.empty() ? "nothing beyond these" : features.c_str());
    if (b.gpu) {
        show_gpu(*b.gpu);
    } else {
        std::printf("vectors    %d floats in %d registers\n", b.vector_floats, b.vector_registers);
        std::printf("a cycle    %g multiply-adds, %g loads; a multiply-add takes %d cycles\n",
                    b.fma_per_cycle, b.loads_per_cycle, b.fma_latency_cycles);
    }
    if (!b.gpu) std::printf("threads    share a loop for %g us\n", b.fork_join_us);
    std::printf("%-10s %.1f GFLOP/s at %g GHz\n\n", b.gpu ? "in all" : "a core", b.peak_gflops(),
                b.clock_ghz);
    std::printf("%-8s %10s %8s %8s\n", "level", "size", "GB/s", "ridge");
    if (!b.gpu) print_level("L1d", kib(b.l1d_bytes), b.loads_per_cycle * b.vector_floats * 4, b);
    print_level("L2", kib(b.l2_bytes), b.l2_bytes_per_cycle, b);
    if (b.l3_bytes > b.l2_bytes) print_level("L3", kib(b.l3_bytes), b.l3_bytes_per_cycle, b);
    print_level("memory", "", b.dram_bytes_per_cycle, b);
    std::printf("\nridge: operations a byte from which the multiply-adds are the limit\n");
    std::printf("source: %s\n", b.source.c_str());
}

void check_boards(const std::vector<std::filesystem::path> &files) {
    std::vector<Board> boards;
    for (const std::filesystem::path &file : files) boards.push_back(read_board(file));
    for (size_t i = 0; i < boards.size(); i++) {
        if (i > 0) std::printf("\n");
        show_board(boards[i]);
    }
}

}  // namespace

void add_boards_command(CLI::App &app) {
    CLI::App *command =
        app.add_subcommand("boards", "List the boards that models can be compiled for");
    command->footer("Board files lie in " + boards_folder().string() +
                    " (or $CONVOY_BOARDS); a file of your own ends in .json and "
                    "stands in place of a name. GFLOP/s is the peak of one core, or of a whole "
                    "GPU, in float32.");
    CLI::App *show = command->add_subcommand("show", "What is known of one, with its roofline");
    const auto name = std::make_shared<std::string>();
    show->add_option("BOARD", *name, "its name, or a file that ends in .json")->required();
    show->callback([name] { show_board(load_board(*name)); });
    CLI::App *check = command->add_subcommand("check", "Whether board files are right; shows them");
    const auto files = std::make_shared<std::vector<std::filesystem::path>>();
    check->add_option("FILE", *files, "board files")->required();
    check->callback([files] { check_boards(*files); });
    command->callback([command] {
        if (command->get_subcommands().empty()) list_boards();
    });
}

}  // namespace convoy
