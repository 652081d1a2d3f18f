#include "compiler/tune/gpu_name.h"

#include "compiler/emit/staging.h"
#include "compiler/tune/local_machine.h"
#include "compiler/tune/trial_source.h"

namespace convoy {

namespace {

namespace fs = std::filesystem;

constexpr double limit_seconds = 60;  // drivers may take long to start

std::string wanted(const Gpu &gpu) {
    if (gpu.api != "cuda") return "with OpenCL 2.0 and shared virtual memory";
    return "with CUDA, of compute capability " + std::to_string(gpu.compute_capability / 10) + "." +
           std::to_string(gpu.compute_capability % 10) + " or later";
}

}  // namespace

std::string gpu_name(const Board &board, Machine &machine, const Toolchain &tools,
                     const fs::path &folder) {
    fs::create_directories(folder);
    const fs::path source = folder / "gpu_name.c", object = folder / "gpu_name.o",
                   program = folder / "gpu_name";
    write_file(source, trial_glue(board, 0, 0) + trial_text("gpu_name.c"));
    tools.compile(board, source, object);
    tools.link_program(board, {object}, program, false);
    machine.receive({program});
    const ProgramRun run = machine.run("gpu_name", {}, limit_seconds);
    machine.remove({"gpu_name"});
    const std::string name = run.output.substr(0, run.output.find('\n'));
    if (run.succeeded() && !name.empty()) return name;
    throw MachineGone(machine.name() + ": it has no GPU that runs board " + board.name +
                      ", expected one " + wanted(*board.gpu) +
                      (run.output.empty() ? "" : ": " + name));
}

std::string gpu_name_here(const Board &board) {
    const Staging staging(fs::temp_directory_path());
    LocalMachine machine(staging.work() / "machine", 0);
    return gpu_name(board, machine, Toolchain(), staging.work() / "gpu_name");
}

}  // namespace convoy
