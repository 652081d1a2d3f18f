#include "compiler/analyze/mca.h"

#include <algorithm>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <regex>

#include "compiler/emit/program.h"
#include "compiler/emit/staging.h"

namespace convoy {

namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr const char *variable = "CONVOY_LLVM_MCA";
constexpr const char *packages = "llvm-19";
constexpr int oldest = 17;  // earlier ones lack the models of today's processors

fs::path find_mca() {
    std::vector<std::string> names;
    for (int version = 22; version >= oldest; version--)
        names.push_back("llvm-mca-" + std::to_string(version));
    names.push_back("llvm-mca");
    return find_program(variable, names, packages);
}

// What the program says of itself.
std::string version_of(const fs::path &program) {
    std::string text;
    if (FILE *pipe = popen(("'" + program.string() + "' --version 2>&1").c_str(), "r")) {
        char buffer[256];
        while (std::fgets(buffer, sizeof buffer, pipe)) text += buffer;
        pclose(pipe);
    }
    std::smatch found;
    if (!std::regex_search(text, found, std::regex("LLVM version ([0-9]+)[0-9.]*"))) {
        throw ToolError(program.string() + " is no llvm-mca, expected the one of " + packages);
    }
    if (std::stoi(found[1]) < oldest) {
        throw ToolError(program.string() + " is of LLVM " + found[1].str() + ", expected " +
                        std::to_string(oldest) + " or later: install " + packages + ", or set " +
                        variable);
    }
    return "llvm-mca " + found[0].str().substr(sizeof "LLVM version");
}

std::string joined(const std::vector<std::string> &lines) {
    std::string text;
    for (const std::string &line : lines) text += line + "\n";
    return text;
}

// Units of a kind are numbered by a control character.
std::string unit_name(const std::string &name) {
    return name.substr(0, name.find('.'));
}

}  // namespace

std::string bottleneck(const McaPrediction &p) {
    constexpr double nearly = 0.9;
    if (p.busy >= nearly && p.busy >= p.dispatched) return p.busiest_unit;
    if (p.dispatched >= nearly) return "dispatch";
    return "latency";
}

Mca::Mca() : program_(find_mca()), version_(version_of(program_)) {}

McaPrediction Mca::predict(const std::vector<std::string> &instructions, const Board &board,
                           const fs::path &work) const {
    if (board.mca_cpu.empty()) {
        throw BoardError("board " + board.name +
                         " names no \"mca_cpu\", expected a CPU that llvm-mca knows");
    }
    constexpr int passes = 100;
    const fs::path source = work / "loop.s", answer = work / "loop.json";
    write_file(source, joined(instructions));
    run_program({program_, "-mtriple=" + board.clang_triple, "-mcpu=" + board.mca_cpu,
                 "-iterations=" + std::to_string(passes), "-json", source, "-o", answer},
                answer);
    std::ifstream stream(answer);
    const json result = json::parse(stream);
    const json &region = result.at("CodeRegions").at(0), &summary = region.at("SummaryView");
    McaPrediction prediction;
    prediction.cycles = summary.at("TotalCycles").get<double>() / passes;
    prediction.instructions_per_cycle = summary.at("IPC");
    prediction.dispatched =
        summary.at("uOpsPerCycle").get<double>() / summary.at("DispatchWidth").get<double>();
    // Behind the last instruction's come the sums of each unit.
    const json &units = result.at("TargetInfo").at("Resources");
    for (const json &use : region.at("ResourcePressureView").at("ResourcePressureInfo")) {
        if (use.at("InstructionIndex") != region.at("Instructions").size()) continue;
        const double busy = use.at("ResourceUsage").get<double>() / prediction.cycles;
        if (busy <= prediction.busy) continue;
        prediction.busy = busy;
        prediction.busiest_unit = unit_name(units.at(use.at("ResourceIndex").get<size_t>()));
    }
    return prediction;
}

}  // namespace convoy
