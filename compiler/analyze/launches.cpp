#include "compiler/analyze/launches.h"

#include <algorithm>
#include <regex>
#include <sstream>

#include "compiler/emit/program.h"
#include "compiler/emit/staging.h"
#include "compiler/records_here.h"
#include "schedules/gpu/cost.h"

namespace convoy {

namespace {

namespace fs = std::filesystem;

std::string ptx_of(const Halide::Module &module) {
    for (const auto &buffer : module.buffers()) {
        if (buffer.name().find("gpu_source_kernels") == std::string::npos) continue;
        const std::string text((const char *)buffer.data(), buffer.size_in_bytes());
        return text.substr(0, text.find('\0'));
    }
    throw std::runtime_error("a module without PTX");
}

// An entry's lines, from the one that names it to the end of its body.
std::vector<std::string> body_of(const std::string &ptx, const std::string &entry) {
    std::vector<std::string> lines;
    std::istringstream stream(ptx);
    bool is_inside = false;
    for (std::string line; std::getline(stream, line);) {
        if (line.find(".entry " + entry + "(") != std::string::npos) is_inside = true;
        if (is_inside) lines.push_back(line);
        if (is_inside && line == "}") break;
    }
    return lines;
}

// Counts the basic block with most multiply-adds: labels and branches end one.
void count_loop(const std::vector<std::string> &lines, LaunchAnalysis &analysis) {
    int fmas = 0, loads = 0, instructions = 0;
    const auto end_block = [&] {
        if (fmas > analysis.fmas)
            analysis.fmas = fmas, analysis.loads = loads, analysis.instructions = instructions;
        fmas = loads = instructions = 0;
    };
    for (const std::string &line : lines) {
        const size_t at = line.find_first_not_of(" \t");
        if (at == std::string::npos) continue;
        const std::string text = line.substr(at);
        if (text.starts_with("$") || text.starts_with("//")) {
            if (text.starts_with("$")) end_block();
            continue;
        }
        if (text.starts_with(".") || text.back() != ';') continue;
        instructions++;
        fmas += text.starts_with("fma.");
        loads += text.starts_with("ld.global") || text.starts_with("ld.shared");
        if (text.starts_with("bra") || text.starts_with("@")) end_block();
    }
    end_block();
}

int number(const std::string &text, const std::string &pattern) {
    std::smatch found;
    return std::regex_search(text, found, std::regex(pattern)) ? std::stoi(found[1]) : 0;
}

// ptxas says of each function its name, then a line of stack and spills, then one of registers.
void read_properties(const std::string &said, LaunchAnalysis &analysis) {
    const size_t at = said.find("'" + analysis.launch.entry + "'");
    if (at == std::string::npos)
        throw ToolError("ptxas says nothing of " + analysis.launch.entry +
                        ", expected its registers");
    const size_t next = said.find("Compiling entry function", at);
    const std::string text =
        said.substr(at, next == std::string::npos ? std::string::npos : next - at);
    analysis.registers = number(text, "Used ([0-9]+) registers");
    analysis.stack_bytes = number(text, "([0-9]+) bytes stack frame");
    analysis.spill_store_bytes = number(text, "([0-9]+) bytes spill stores");
    analysis.spill_load_bytes = number(text, "([0-9]+) bytes spill loads");
}

}  // namespace

double LaunchAnalysis::occupancy(const Board &board) const {
    const int warps =
        gpu::resident_warps(*board.gpu, launch.block_threads(), registers, launch.shared_bytes);
    return (double)warps * gpu::warp_threads / board.gpu->threads_per_unit;
}

Ptxas::Ptxas()
    : program_(find_program("CONVOY_PTXAS", {"ptxas", "/usr/local/cuda/bin/ptxas"},
                            "the CUDA toolkit")) {}

std::string Ptxas::assemble(const std::string &ptx, const Board &board,
                            const fs::path &work) const {
    const fs::path source = work / "kernel.ptx", product = work / "kernel.cubin";
    write_file(source, ptx);
    return run_program({program_, "-v", "-arch=" + board.gpu->ptxas_target, source, "-o", product},
                       product);
}

std::vector<LaunchAnalysis> analyze_launches(const std::vector<Analyzed> &models,
                                             const Board &board, const Ptxas &ptxas,
                                             const AnalyzeOptions &options) {
    if (!board.gpu || board.gpu->api != "cuda")
        throw BoardError("board " + board.name +
                         " has code that the device's driver compiles, expected one of CUDA");
    const Records records = records_here(board, {options.record_files, options.warn});
    std::vector<UsedKernel> used = used_kernels(models, board, records, options);
    std::vector<UsedKernel *> kernels;
    for (UsedKernel &kernel : used) kernels.push_back(&kernel);
    const Staging staging(fs::temp_directory_path());
    compile_used(kernels, board, records, false, staging.work(), options);

    std::vector<LaunchAnalysis> list;
    for (size_t at = 0; at < used.size(); at++) {
        report(options, "assembling", (int)at, (int)used.size());
        const Schedule &schedule = used[at].ranked.schedule;
        const Halide::Module module = module_of(
            template_of(schedule, board).build(used[at].kernel, schedule, board), board, "kernel");
        const std::string ptx = ptx_of(module), said = ptxas.assemble(ptx, board, staging.work());
        for (const KernelLaunch &launch : launches_of(module)) {
            LaunchAnalysis analysis{used[at], launch};
            count_loop(body_of(ptx, launch.entry), analysis);
            read_properties(said, analysis);
            list.push_back(std::move(analysis));
        }
    }
    return list;
}

}  // namespace convoy
