#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "compiler/graph.h"
#include "tests/library/compiled_network.h"

namespace convoy {

// A network that make_networks.py wrote, with inputs and ONNX Runtime's outputs for them.
struct NetworkCase {
    std::string name;
    std::filesystem::path model;
    std::map<std::string, int64_t> dims;
    std::vector<std::filesystem::path> inputs, outputs;
    std::string skip;  // why it is expected to fail; empty where it must pass
};
void PrintTo(const NetworkCase &network, std::ostream *stream);

// All of $CONVOY_NETWORKS.
std::vector<NetworkCase> network_cases();

// The board to compile for: $CONVOY_BOARD.
std::string tested_board();

// A case compiled for the tested board, with its data; made once and kept for all tests.
struct LoadedCase {
    Graph graph;
    CompiledNetwork compiled;
    Tensors inputs, runtime_outputs;
};
const LoadedCase &load(const NetworkCase &network);

// max |found - expected| over the largest |expected|; infinite where found is not finite.
template<typename Number>
double relative_error(const std::vector<float> &found, const std::vector<Number> &expected);

}  // namespace convoy
