// Imports what make_import_cases.py wrote and compares with ONNX Runtime's outputs.

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>

#include "compiler/onnx/import.h"
#include "compiler/onnx/operators.h"
#include "compiler/passes/optimize.h"
#include "compiler/reference.h"

namespace convoy {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using Data = std::vector<double>;

class ImportCases : public testing::Test {
protected:
    void SetUp() override {
        const char *variable = std::getenv("CONVOY_IMPORT_CASES");
        ASSERT_NE(variable, nullptr)
            << "CONVOY_IMPORT_CASES must name make_import_cases.py's OUT_DIR";
        folder_ = variable;
        std::ifstream stream(folder_ / "index.json");
        ASSERT_TRUE(stream) << "no index.json in " << folder_;
        index_ = json::parse(stream);
        ASSERT_FALSE(index_.empty());
    }

    std::vector<Data> read(const json &files) const {
        std::vector<Data> arrays;
        for (const std::string file : files) {
            std::vector<float> floats(fs::file_size(folder_ / file) / sizeof(float));
            std::ifstream stream(folder_ / file, std::ios::binary);
            stream.read(reinterpret_cast<char *>(floats.data()),
                        std::streamsize(floats.size() * sizeof(float)));
            EXPECT_TRUE(stream) << file;
            arrays.emplace_back(floats.begin(), floats.end());
        }
        return arrays;
    }

    fs::path folder_;
    json index_;
};

// Tolerance: 1e-5 of the largest magnitude covers ONNX Runtime's float32 sums of a few hundred
// terms.
void expect_equal(const std::vector<Data> &found, const std::vector<Data> &expected, bool exact) {
    ASSERT_EQ(found.size(), expected.size());
    for (size_t k = 0; k < found.size(); ++k) {
        ASSERT_EQ(found[k].size(), expected[k].size()) << "output " << k;
        double largest = 0;
        for (double x : expected[k]) largest = std::max(largest, std::abs(x));
        const double tolerance = exact ? 0 : 1e-5 * largest;
        for (size_t i = 0; i < found[k].size(); ++i) {
            // Negated, so that NaN fails.
            ASSERT_FALSE(!(std::abs(found[k][i] - expected[k][i]) <= tolerance))
                << "output " << k << "[" << i << "] is " << found[k][i] << ", expected "
                << expected[k][i];
        }
    }
}

TEST_F(ImportCases, MatchOnnxRuntime) {
    for (const json &entry : index_) {
        SCOPED_TRACE(entry["name"].get<std::string>());
        ImportOptions options;
        options.dims = entry["dims"].get<std::map<std::string, int64_t>>();
        options.warn = [](const std::string &line) { ADD_FAILURE() << "warning: " << line; };
        try {
            Graph graph = import_onnx(folder_ / entry["model"].get<std::string>(), options);
            const auto inputs = read(entry["inputs"]), outputs = read(entry["outputs"]);
            expect_equal(evaluate(graph, inputs), outputs, entry["exact"]);
            optimize(graph);
            SCOPED_TRACE("optimized");
            expect_equal(evaluate(graph, inputs), outputs, entry["exact"]);
        } catch (const std::exception &error) {
            ADD_FAILURE() << error.what();
        }
    }
}

TEST_F(ImportCases, CoverEveryOperator) {
    std::set<std::string> covered;
    for (const json &entry : index_) {
        for (const std::string name : entry["operators"]) covered.insert(name);
    }
    std::string names;
    for (const std::string &name : covered) names += (names.empty() ? "" : ", ") + name;
    EXPECT_EQ(names, supported_operators());
}

}  // namespace
}  // namespace convoy
