#include "tests/kernels/emulated_kernel.h"

#include <unistd.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>

#include "compiler/emit/kernel_object.h"
#include "compiler/emit/program.h"

namespace convoy {

namespace {

namespace fs = std::filesystem;

// The programs, and a folder that goes with this process.
struct Emulator {
    fs::path folder = fs::temp_directory_path() / ("convoy-kernels-" + std::to_string(getpid()));
    fs::path compiler =
        find_program("CONVOY_ARM64_GCC", {"aarch64-linux-gnu-gcc"}, "gcc-aarch64-linux-gnu");
    fs::path emulator = find_program("CONVOY_ARM64_EMULATOR",
                                     {"qemu-aarch64-static", "qemu-aarch64"}, "qemu-user-static");
    fs::path main = folder / "main.o";

    Emulator() {
        fs::create_directories(folder);
        run_program({compiler, "-O1", "-Wall", "-Werror", "-I" CONVOY_HALIDE_INCLUDE, "-c",
                     CONVOY_EMULATED_MAIN, "-o", main},
                    main);
    }
    ~Emulator() {
        std::error_code ignored;
        fs::remove_all(folder, ignored);
    }
};

void write_operands(const fs::path &file, const std::vector<device_operand> &operands) {
    std::ofstream stream(file, std::ios::binary);
    for (const device_operand &a : operands) {
        const std::array<int64_t, 2> size = {(int64_t)a.floats, (int64_t)a.offset};
        stream.write(reinterpret_cast<const char *>(size.data()), sizeof size);
        stream.write(reinterpret_cast<const char *>(a.memory), (std::streamsize)(4 * a.floats));
    }
    stream.close();
    if (!stream) throw std::runtime_error(file.string() + ": cannot be written");
}

void read_output(const fs::path &file, const device_operand &output) {
    std::ifstream stream(file, std::ios::binary);
    stream.read(reinterpret_cast<char *>(output.memory), (std::streamsize)(4 * output.floats));
    if (!stream) throw std::runtime_error("the kernel's program wrote too little");
}

}  // namespace

bool is_foreign(const Board &board) {
    return board.family == "arm";  // the tests run on x86-64
}

void run_emulated(const Kernel &kernel, const Schedule &schedule, const Board &board,
                  const std::vector<device_operand> &operands) {
    static const Emulator tools;
    // Processes that part from this one share the folder.
    const fs::path folder = tools.folder / std::to_string(getpid());
    fs::create_directory(folder);
    const fs::path object = folder / "kernel.o", program = folder / "program", in = folder / "in",
                   out = folder / "out";
    compile_object(template_of(schedule, board).build(kernel, schedule, board), board, "kernel",
                   object);
    run_program({tools.compiler, "-static", tools.main, object, "-o", program}, program);
    write_operands(in, operands);
    run_program({tools.emulator, program, in, out}, out);
    read_output(out, operands.back());
}

}  // namespace convoy
