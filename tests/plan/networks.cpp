#include "tests/plan/networks.h"

#include <cstdlib>
#include <filesystem>
#include <map>
#include <ostream>
#include <stdexcept>

#include "compiler/onnx/import.h"
#include "compiler/passes/optimize.h"
#include "compiler/plan/lower.h"
#include "compiler/plan/memory_plan.h"

namespace convoy {

namespace {

std::filesystem::path folder(const char *variable) {
    const char *set = std::getenv(variable);
    if (!set) throw std::runtime_error(std::string(variable) + " is not set: run this by ctest");
    return set;
}

}  // namespace

std::vector<NetworkOnBoard> networks_on_boards() {
    std::vector<NetworkOnBoard> all;
    for (const char *name :
         {"wrn40_2_G8", "resnet34_GN", "mbv2_GN", "mbv1_G4", "resnext50_G4", "digits"}) {
        for (const char *board : {"avx2", "avx512"}) all.push_back({name, board});
    }
    return all;
}

void PrintTo(const NetworkOnBoard &which, std::ostream *stream) {
    *stream << which.network << " on " << which.board;
}

std::string test_name(const testing::TestParamInfo<NetworkOnBoard> &info) {
    return info.param.network + "_" + info.param.board;
}

Graph import_network(const std::string &name) {
    const std::string file = name + ".onnx";
    Graph graph = import_onnx(name == "digits" ? folder("CONVOY_EXAMPLES") / name / file
                                               : folder("CONVOY_FAMILIES") / file);
    optimize(graph);
    return graph;
}

PlannedGraph plan_graph(const Graph &graph, const std::string &board_name) {
    const Board board = load_board(board_name);
    PlannedGraph planned{graph, assign_layouts(graph, board, Records{}), {}};
    planned.plan = lower(graph, planned.layouts, board);
    plan_memory(planned.plan);
    return planned;
}

const PlannedGraph &planned(const NetworkOnBoard &which) {
    static std::map<std::pair<std::string, std::string>, PlannedGraph> known;
    const auto key = std::pair(which.network, which.board);
    if (!known.contains(key)) {
        known.emplace(key, plan_graph(import_network(which.network), which.board));
    }
    return known.at(key);
}

}  // namespace convoy
