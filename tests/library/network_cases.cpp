#include "tests/library/network_cases.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <limits>
#include <memory>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "compiler/onnx/import.h"

namespace convoy {

namespace {

namespace fs = std::filesystem;

std::string variable(const char *name) {
    const char *value = std::getenv(name);
    if (!value) throw std::runtime_error(std::string(name) + " is not set: run this by ctest");
    return value;
}

Tensors read(const std::vector<fs::path> &files) {
    Tensors tensors;
    for (const fs::path &file : files) {
        std::vector<float> &floats = tensors.emplace_back(fs::file_size(file) / sizeof(float));
        std::ifstream stream(file, std::ios::binary);
        stream.read(reinterpret_cast<char *>(floats.data()),
                    (std::streamsize)(floats.size() * sizeof(float)));
        if (!stream) throw std::runtime_error(file.string() + ": cannot be read");
    }
    return tensors;
}

}  // namespace

void PrintTo(const NetworkCase &network, std::ostream *stream) {
    *stream << network.name;
}

std::vector<NetworkCase> network_cases() {
    const fs::path folder = variable("CONVOY_NETWORKS");
    std::ifstream stream(folder / "index.json");
    if (!stream) throw std::runtime_error((folder / "index.json").string() + ": cannot be read");
    std::vector<NetworkCase> cases;
    for (const nlohmann::json &entry : nlohmann::json::parse(stream)) {
        NetworkCase &network = cases.emplace_back();
        network.name = entry.at("name");
        network.model = folder / entry.at("model").get<std::string>();
        network.skip = entry.value("skip", "");
        network.dims = entry.at("dims").get<std::map<std::string, int64_t>>();
        for (const std::string file : entry.at("inputs")) network.inputs.push_back(folder / file);
        for (const std::string file : entry.at("outputs")) network.outputs.push_back(folder / file);
    }
    return cases;
}

std::string tested_board() {
    return variable("CONVOY_BOARD");
}

const LoadedCase &load(const NetworkCase &network) {
    static std::map<std::string, std::unique_ptr<LoadedCase>> known;
    std::unique_ptr<LoadedCase> &loaded = known[network.name];
    if (!loaded) {
        ImportOptions options;
        options.dims = network.dims;
        loaded.reset(new LoadedCase{import_onnx(network.model, options),
                                    {network.model, {tested_board()}, network.dims},
                                    read(network.inputs),
                                    read(network.outputs)});
    }
    return *loaded;
}

template<typename Number>
double relative_error(const std::vector<float> &found, const std::vector<Number> &expected) {
    double largest = 0, difference = 0;
    for (size_t i = 0; i < expected.size(); i++) {
        if (!std::isfinite(found.at(i))) return std::numeric_limits<double>::infinity();
        largest = std::max(largest, std::abs((double)expected[i]));
        difference = std::max(difference, std::abs((double)found[i] - (double)expected[i]));
    }
    return difference / (largest > 0 ? largest : 1);
}

template double relative_error(const std::vector<float> &, const std::vector<float> &);
template double relative_error(const std::vector<float> &, const std::vector<double> &);

}  // namespace convoy
