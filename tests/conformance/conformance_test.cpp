// ONNX's node tests, compiled and run: those that make_cases.py does not mark must pass, the others
// must fail.

#include <gtest/gtest.h>

#include "tests/library/network_cases.h"

namespace convoy {
namespace {

// Empty when the compiled library computes what ONNX expects.
std::string what_is_wrong(const NetworkCase &network) {
    try {
        const LoadedCase &loaded = load(network);
        const Tensors found = loaded.compiled(loaded.inputs, 1, 0);
        if (found.size() != loaded.runtime_outputs.size()) return "the number of outputs differs";
        for (size_t i = 0; i < found.size(); i++) {
            const std::vector<float> &expected = loaded.runtime_outputs[i];
            if (found[i].size() != expected.size()) return "the size of an output differs";
            const double error = relative_error(found[i], expected);
            // What ONNX's own runner allows: some expected values are written with four digits.
            if (!(error <= 1e-3)) return "its relative error is " + std::to_string(error);
        }
        return "";
    } catch (const std::exception &error) {
        return error.what();
    }
}

class Conformance : public testing::TestWithParam<NetworkCase> {};

TEST_P(Conformance, PassesUnlessMarked) {
    const NetworkCase &network = GetParam();
    const std::string wrong = what_is_wrong(network);
    if (network.skip.empty()) {
        EXPECT_EQ(wrong, "");
    } else {
        EXPECT_NE(wrong, "") << "it passes: remove it from tests/conformance/skipped.py";
    }
}

INSTANTIATE_TEST_SUITE_P(Onnx, Conformance, testing::ValuesIn(network_cases()),
                         [](const auto &test) { return test.param.name; });

}  // namespace
}  // namespace convoy
