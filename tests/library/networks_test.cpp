// Whole networks, compiled for one board and loaded.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <limits>
#include <thread>

#include "compiler/passes/optimize.h"
#include "compiler/plan/fuse_layers.h"
#include "compiler/reference.h"
#include "targets/board.h"
#include "tests/library/guarded_buffer.h"
#include "tests/library/network_cases.h"
#include "tests/plan/networks.h"
#include "tests/plan/plan_checks.h"

namespace convoy {
namespace {

constexpr double tolerance = 1e-4;  // of the largest magnitude

class Networks : public testing::TestWithParam<NetworkCase> {
protected:
    const LoadedCase &network() const { return load(GetParam()); }
    Tensors run(int threads = 1, float arena_filler = 0) const {
        return network().compiled(network().inputs, threads, arena_filler);
    }
};

TEST_P(Networks, MatchTheReferenceAndOnnxRuntime) {
    const LoadedCase &n = network();
    std::vector<std::vector<double>> exact_inputs;
    for (const auto &input : n.inputs) exact_inputs.emplace_back(input.begin(), input.end());
    const auto exact = evaluate(n.graph, exact_inputs);
    const Tensors found = run();
    ASSERT_EQ(found.size(), exact.size());
    ASSERT_EQ(found.size(), n.runtime_outputs.size());
    for (size_t i = 0; i < found.size(); i++) {
        ASSERT_EQ(found[i].size(), exact[i].size()) << "output " << i;
        ASSERT_EQ(found[i].size(), n.runtime_outputs[i].size()) << "output " << i;
        EXPECT_LE(relative_error(found[i], exact[i]), tolerance) << "output " << i;
        EXPECT_LE(relative_error(found[i], n.runtime_outputs[i]), tolerance) << "output " << i;
    }
}

TEST_P(Networks, HaveValidPlans) {
    Graph graph = network().graph;
    optimize(graph);
    const auto planned =
        plan_graph(fuse_layers(graph, load_board(tested_board()), Records{}), tested_board());
    check_steps(planned.graph, planned.plan);
    check_memory(planned.plan);
}

TEST_P(Networks, StateTheirShapes) {
    const LoadedCase &n = network();
    const auto check = [&](const std::vector<ValueId> &values, int count, auto shape) {
        ASSERT_EQ(count, (int)values.size());
        for (int i = 0; i < count; i++) {
            int64_t dims[8];
            int rank = 0;
            ASSERT_EQ(shape(i, dims, &rank), 0);
            EXPECT_EQ(std::vector<int64_t>(dims, dims + rank), n.graph.values[values[i]].dims);
        }
    };
    check(n.graph.inputs, n.compiled.input_count(), n.compiled.input_shape);
    check(n.graph.outputs, n.compiled.output_count(), n.compiled.output_shape);
}

TEST_P(Networks, StayInsideTheirBuffers) {
    const LoadedCase &n = network();
    std::vector<GuardedBuffer> inputs, outputs;
    std::vector<const float *> in;
    std::vector<float *> out;
    for (const auto &input : n.inputs) {
        GuardedBuffer &buffer = inputs.emplace_back(input.size() * sizeof(float));
        std::copy(input.begin(), input.end(), buffer.floats().begin());
        in.push_back(buffer.floats().data());
    }
    for (const auto &output : n.runtime_outputs) {
        GuardedBuffer &buffer = outputs.emplace_back(output.size() * sizeof(float));
        out.push_back(buffer.floats().data());
    }
    GuardedBuffer arena(n.compiled.arena_bytes());
    ASSERT_EQ(n.compiled.run(in.data(), out.data(), arena.data(), 2), 0);
    EXPECT_TRUE(arena.is_intact());
    for (size_t i = 0; i < outputs.size(); i++) {
        EXPECT_TRUE(outputs[i].is_intact()) << "before output " << i;
        EXPECT_LE(
            relative_error({out[i], out[i] + n.runtime_outputs[i].size()}, n.runtime_outputs[i]),
            tolerance)
            << "output " << i;
    }
    for (size_t i = 0; i < inputs.size(); i++) {
        EXPECT_TRUE(std::equal(n.inputs[i].begin(), n.inputs[i].end(), in[i])) << "input " << i;
    }
}

TEST_P(Networks, DoNotDependOnTheArenasContent) {
    const Tensors expected = run();
    EXPECT_EQ(run(1, std::numeric_limits<float>::quiet_NaN()), expected);
    EXPECT_EQ(run(1, std::numeric_limits<float>::infinity()), expected);
}

TEST_P(Networks, GiveTheSameOnAnyNumberOfThreads) {
    const Tensors expected = run();
    for (int threads = 2; threads <= 8; threads++) EXPECT_EQ(run(threads), expected) << threads;
}

TEST_P(Networks, ServeSeveralCallersAtOnce) {
    const Tensors expected = run();
    int wrong[4] = {};
    std::vector<std::thread> callers;
    for (int caller = 0; caller < 4; caller++) {
        callers.emplace_back([&, caller] {
            for (int round = 0; round < 5; round++)
                wrong[caller] += run(1 + caller % 3) != expected;
        });
    }
    for (std::thread &caller : callers) caller.join();
    for (int count : wrong) EXPECT_EQ(count, 0);
}

INSTANTIATE_TEST_SUITE_P(All, Networks, testing::ValuesIn(network_cases()), [](const auto &test) {
    std::string name = test.param.name;
    std::replace(name.begin(), name.end(), '-', '_');
    return name;
});

}  // namespace
}  // namespace convoy

int main(int argc, char **argv) {
    testing::InitGoogleTest(&argc, argv);
    const auto has = convoy::host_cpu_features();
    for (const std::string &feature : convoy::load_board(convoy::tested_board()).cpu_features) {
        if (std::find(has.begin(), has.end(), feature) != has.end()) continue;
        std::printf("skipped: this CPU has no %s\n", feature.c_str());
        return 77;
    }
    return RUN_ALL_TESTS();
}
