// Layers compiled from their descriptors: weights baked in, and packed at run time.

#include <dlfcn.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>

#include "compiler/compile.h"
#include "compiler/reference.h"
#include "targets/board.h"
#include "tests/library/eager_board.h"
#include "tests/library/guarded_buffer.h"

namespace convoy {
namespace {

namespace fs = std::filesystem;
using Floats = std::vector<float>;

// Small integers: sums of their products are exact.
Floats numbers(int64_t count, unsigned seed) {
    std::mt19937 random(seed);
    Floats values((size_t)count);
    for (float &value : values) value = (float)((int)(random() % 9) - 4);
    return values;
}

// A layer as a shared library in this process, in a folder of its own.
class LoadedLayer {
public:
    LoadedLayer(const Layer &layer, const LayerConstants &constants, const std::string &board,
                bool winograd = false) {
        std::string pattern = (fs::temp_directory_path() / "convoy-layer-XXXXXX").string();
        if (!mkdtemp(pattern.data())) throw std::runtime_error(pattern);
        folder_ = pattern;
        CompileOptions options;
        options.boards = {eager_board(board, folder_ / "boards")};
        options.folder = folder_;
        options.shared = true;
        options.rules.winograd = winograd;
        options.import.warn = [](const std::string &text) { throw std::runtime_error(text); };
        const CompileResult result = compile_layer(layer, constants, options);
        manifest_ = result.manifest;
        handle_ = dlopen(result.libraries.front().c_str(), RTLD_NOW | RTLD_LOCAL);
        if (!handle_) throw std::runtime_error(dlerror());
        name_ = result.name;
        arena_bytes = (size_t)result.arena_bytes;
    }
    ~LoadedLayer() { fs::remove_all(folder_); }
    LoadedLayer(const LoadedLayer &) = delete;

    template<typename... Arguments>
    int call(const char *function, Arguments... arguments) const {
        void *found = dlsym(handle_, (name_ + "_" + function).c_str());
        if (!found) throw std::runtime_error(std::string("no function ") + function);
        return reinterpret_cast<int (*)(Arguments...)>(found)(arguments...);
    }
    int64_t packed_floats() const {
        int64_t dims[8];
        int rank = 0;
        EXPECT_EQ(call("input_shape", 1, &dims[0], &rank), 0);
        EXPECT_EQ(rank, 1);
        return dims[0];
    }
    Floats run(const std::vector<const float *> &inputs, size_t floats, int threads) const {
        GuardedBuffer arena(arena_bytes), output(floats * sizeof(float));
        arena.fill(std::numeric_limits<float>::quiet_NaN());
        float *outputs[] = {output.floats().data()};
        EXPECT_EQ(call("run", inputs.data(), &outputs[0], (void *)arena.data(), threads), 0);
        return {output.floats().begin(), output.floats().end()};
    }

    std::string manifest() const {
        std::ostringstream text;
        text << std::ifstream(manifest_).rdbuf();
        return text.str();
    }

    size_t arena_bytes = 0;

private:
    fs::path folder_, manifest_;
    void *handle_ = nullptr;
    std::string name_;
};

struct Case {
    const char *descriptor, *board;
};
void PrintTo(const Case &c, std::ostream *stream) {
    *stream << c.descriptor << " on " << c.board;
}

class Layers : public testing::TestWithParam<Case> {};

TEST_P(Layers, PackedAtRunTimeEqualBakedInAndTheReference) {
    const auto has = host_cpu_features();
    for (const std::string &feature : load_board(GetParam().board).cpu_features) {
        if (std::find(has.begin(), has.end(), feature) == has.end())
            GTEST_SKIP() << "this CPU has no " << feature;
    }
    const Layer layer = parse_layer(GetParam().descriptor);
    const ConvProblem &p = layer.problem;
    const auto share = [](Floats values) { return std::make_shared<const Floats>(values); };
    LayerConstants constants{share(numbers(p.weight_count(), 1)), nullptr};
    if (layer.has_bias) constants.bias = share(numbers(p.oc, 2));
    const Floats input = numbers(int64_t{p.mb} * p.ic * p.ih * p.iw, 3);
    const Floats addend = numbers(int64_t{p.mb} * p.oc * p.oh * p.ow, 4);

    std::vector<std::vector<double>> exact_inputs = {{input.begin(), input.end()}};
    std::vector<const float *> inputs = {input.data()};
    if (layer.has_addend) {
        exact_inputs.emplace_back(addend.begin(), addend.end());
        inputs.push_back(addend.data());
    }
    const auto exact = evaluate(layer_graph(layer, constants), exact_inputs)[0];
    const Floats expected(exact.begin(), exact.end());

    const LoadedLayer baked(layer, constants, GetParam().board);
    EXPECT_EQ(baked.run(inputs, expected.size(), 1), expected);

    const LoadedLayer open(layer, {}, GetParam().board);
    GuardedBuffer packed((size_t)open.packed_floats() * sizeof(float));
    packed.fill(std::numeric_limits<float>::quiet_NaN());
    const float *weights = constants.weights->data();
    const float *bias = layer.has_bias ? constants.bias->data() : nullptr;
    if (bias) {
        EXPECT_EQ(open.call("pack", weights, bias, (void *)packed.data()), 0);
        EXPECT_EQ(open.call("pack", weights, (const float *)nullptr, (void *)packed.data()), 1);
        EXPECT_EQ(open.call("pack", weights, bias, (void *)(packed.data() + 4)), 2);
    } else {
        EXPECT_EQ(open.call("pack", weights, (void *)packed.data()), 0);
        EXPECT_EQ(open.call("pack", (const float *)nullptr, (void *)packed.data()), 1);
        EXPECT_EQ(open.call("pack", weights, (void *)(packed.data() + 4)), 2);
    }
    EXPECT_TRUE(packed.is_intact());
    inputs.insert(inputs.begin() + 1, packed.floats().data());
    EXPECT_EQ(open.run(inputs, expected.size(), 1), expected);
    EXPECT_EQ(open.run(inputs, expected.size(), 3), expected);

    // Packed weights that are not aligned.
    inputs[1] = packed.floats().data() + 1;
    GuardedBuffer arena(open.arena_bytes);
    Floats output(expected.size());
    float *outputs[] = {output.data()};
    EXPECT_EQ(open.call("run", inputs.data(), &outputs[0], (void *)arena.data(), 1), 2);
}

std::vector<Case> cases() {
    std::vector<Case> list;
    for (const char *board : {"avx2", "avx512"}) {
        for (const char *descriptor : {
                 "g4ic64ih14oc64kh3ph1+bias+relu",
                 "ic3ih17iw13oc20kh3sh2ph1",
                 "mb2g8ic16ih9oc32kh3ph1+bias+add+clip(-3,6)",
                 "g48ic48ih12oc48kh3ph1+bias+relu",
                 "g5ic5ih8oc10kh5ph2+add",
                 "ic33ih7oc17kh1+bias",
                 "g2ic30ih11oc34kh3dh2ph2phe1+relu",
             })
            list.push_back({descriptor, board});
    }
    return list;
}

INSTANTIATE_TEST_SUITE_P(All, Layers, testing::ValuesIn(cases()));

// Transformed weights too are the same bits, and the error is small.
void expect_packed_equals_baked_in(const char *descriptor, const char *algorithm) {
    const Layer layer = parse_layer(descriptor);
    const ConvProblem &p = layer.problem;
    const auto share = [](Floats values) { return std::make_shared<const Floats>(values); };
    const LayerConstants constants{share(numbers(p.weight_count(), 1)), share(numbers(p.oc, 2))};
    const Floats input = numbers(int64_t{p.ic} * p.ih * p.iw, 3);
    const size_t floats = (size_t)p.oc * p.oh * p.ow;
    const LoadedLayer baked(layer, constants, "avx2", true), open(layer, {}, "avx2", true);
    EXPECT_NE(baked.manifest().find(algorithm), std::string::npos);
    EXPECT_NE(baked.manifest().find("relative_error"), std::string::npos);
    const Floats found = baked.run({input.data()}, floats, 1);
    GuardedBuffer packed((size_t)open.packed_floats() * sizeof(float));
    ASSERT_EQ(
        open.call("pack", constants.weights->data(), constants.bias->data(), (void *)packed.data()),
        0);
    EXPECT_EQ(open.run({input.data(), packed.floats().data()}, floats, 2), found);
    const auto exact = evaluate(layer_graph(layer, constants), {{input.begin(), input.end()}})[0];
    double largest = 0, difference = 0;
    for (size_t i = 0; i < floats; i++) {
        largest = std::max(largest, std::abs(exact[i]));
        difference = std::max(difference, std::abs(found[i] - exact[i]));
    }
    EXPECT_LE(difference, 5e-5 * largest);
}

TEST(FastAlgorithms, WinogradsPackedAtRunTimeEqualsBakedIn) {
    expect_packed_equals_baked_in("ic64ih28oc64kh3ph1+bias", "winograd");
}

TEST(FastAlgorithms, StrassensPackedAtRunTimeEqualsBakedIn) {
    expect_packed_equals_baked_in("ic512ih14oc512kh1+bias", "strassen");
}

TEST(LayerGraph, NamesWhatTheDescriptorLeavesOpen) {
    const Layer layer = parse_layer("ic4ih8oc4kh3n\"mine\"+bias");
    EXPECT_EQ(layer_library_name(layer), "mine");
    EXPECT_EQ(layer_library_name(parse_layer("ic4ih8oc4kh3+clip(0,6)")),
              "g1ic4ih8oc4oh6kh3ph0_clip_0_6");
    const Graph graph = layer_graph(layer, {});
    ASSERT_EQ(graph.inputs.size(), 3u);
    EXPECT_EQ(graph.values[graph.inputs[1]].name, "weights");
    EXPECT_EQ(graph.values[graph.inputs[2]].name, "bias");
    EXPECT_EQ(graph.parameter_count(), 0);
}

}  // namespace
}  // namespace convoy
