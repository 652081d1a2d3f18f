// Files that are no models, external data, options, and what import keeps of a model.

#include "compiler/onnx/import.h"

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <limits>

#include "compiler/onnx/tensor.h"
#include "compiler/reference.h"
#include "tests/compiler/onnx_maker.h"

namespace convoy {
namespace {

namespace fs = std::filesystem;

std::string import_error(const fs::path &file, const ImportOptions &options = {}) {
    try {
        import_onnx(file, options);
        return "";
    } catch (const ImportError &error) {
        EXPECT_EQ(std::string(error.what()).find(file.string() + ": "), 0u) << error.what();
        EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos) << error.what();
        return error.what();
    }
}

void expect_error(const fs::path &file, const std::string &part,
                  const ImportOptions &options = {}) {
    const std::string error = import_error(file, options);
    EXPECT_NE(error.find(part), std::string::npos) << "no '" << part << "' in: " << error;
}

// y = Conv(x, w) with dims (1, 1, 1, 1).
OnnxMaker tiny_model(float weight = 2) {
    OnnxMaker make;
    make.input("x", {1, 1, 1, 1});
    make.weights("w", {1, 1, 1, 1}, weight);
    make.node("Conv", "x w", "y").set_name("conv");
    make.output("y");
    return make;
}

fs::path write_model(const OnnxMaker &make) {
    const fs::path file = test_folder() / "tiny.onnx";
    write_file(file, make.model.SerializeAsString());
    return file;
}

double run_tiny(const fs::path &file) {
    return evaluate(import_onnx(file), {{3}})[0][0];
}

TEST(ImportFile, Missing) {
    expect_error(test_folder() / "none.onnx", "no such file, expected an ONNX model");
}

TEST(ImportFile, Folder) {
    expect_error(test_folder(), "not a regular file, expected an ONNX model");
}

TEST(ImportFile, Empty) {
    const fs::path file = test_folder() / "empty.onnx";
    write_file(file, "");
    expect_error(file, "the file is empty, expected an ONNX model");
}

TEST(ImportFile, OtherFormat) {
    const fs::path file = test_folder() / "text.onnx";
    for (const char *text : {"hello, world\n", "\x89PNG\r\n\x1a\n", "PK\3\4", "{\"a\": 1}"}) {
        write_file(file, text);
        expect_error(file, "not an ONNX model, or a truncated one");
    }
}

// Truncations leave a prefix of the fields; whatever remains is refused or is the same model.
TEST(ImportFile, TruncatedAnywhere) {
    const std::string bytes = tiny_model().model.SerializeAsString();
    const fs::path file = test_folder() / "cut.onnx";
    for (size_t length = 0; length < bytes.size(); ++length) {
        write_file(file, bytes.substr(0, length));
        EXPECT_NE(import_error(file), "") << "cut to " << length << " of " << bytes.size();
    }
}

// No byte may crash the importer or make it allocate without bounds.
TEST(ImportFile, CorruptedAnywhere) {
    OnnxMaker make = tiny_model();
    auto &pool = make.node("MaxPool", "y", "p");
    set_ints(pool, "kernel_shape", {1, 1});
    make.integers("s", {0, -1});
    make.node("Reshape", "p s", "r");
    make.output("r");
    const std::string bytes = make.model.SerializeAsString();
    const fs::path file = test_folder() / "bad.onnx";
    for (size_t at = 0; at < bytes.size(); ++at) {
        for (int value : {0x00, 0x01, 0x7f, 0x80, 0xff}) {
            std::string corrupted = bytes;
            corrupted[at] = char(value);
            write_file(file, corrupted);
            import_error(file);
        }
    }
}

TEST(ImportFile, Unreadable) {
    const fs::path file = write_model(tiny_model());
    fs::permissions(file, fs::perms::none);
    if (std::ifstream(file)) GTEST_SKIP() << "this user reads every file";
    expect_error(file, "cannot be opened");
}

// Points w to the file's bytes [offset, offset + length); -1 leaves a key out.
void set_external(onnx::TensorProto &tensor, const std::string &location, const char *offset,
                  const char *length) {
    tensor.clear_float_data();
    tensor.set_data_location(onnx::TensorProto::EXTERNAL);
    const auto add = [&](const char *key, const char *value) {
        if (!value) return;
        auto &entry = *tensor.add_external_data();
        entry.set_key(key);
        entry.set_value(value);
    };
    add("location", location.c_str());
    add("offset", offset);
    add("length", length);
}

class ExternalData : public testing::Test {
protected:
    fs::path write(const char *offset, const char *length, const std::string &location = "w.bin") {
        OnnxMaker make = tiny_model();
        set_external(*make.graph().mutable_initializer(0), location, offset, length);
        const fs::path file = write_model(make);
        const float data[] = {5, 7};
        write_file(file.parent_path() / "w.bin",
                   std::string(reinterpret_cast<const char *>(data), sizeof data));
        return file;
    }
};

TEST_F(ExternalData, IsReadFromItsOffset) {
    EXPECT_EQ(run_tiny(write(nullptr, nullptr)), 15);
    EXPECT_EQ(run_tiny(write("4", "4")), 21);
    EXPECT_EQ(run_tiny(write("4", nullptr)), 21);
}

TEST_F(ExternalData, InASubfolder) {
    const fs::path file = write(nullptr, nullptr, "sub/../w.bin");
    fs::create_directory(file.parent_path() / "sub");
    EXPECT_EQ(run_tiny(file), 15);
}

TEST_F(ExternalData, TooShort) {
    expect_error(write("8", nullptr),
                 "conv' (Conv): weights 'w' has its data in 'w.bin' at offset "
                 "8: the file has 8 bytes, expected at least 8 + 4");
    expect_error(write("18446744073709551615", "4"), "the file has 8 bytes");
}

TEST_F(ExternalData, OtherLength) {
    expect_error(write("0", "8"), "with length 8, expected 4 bytes");
}

TEST_F(ExternalData, OffsetIsNoNumber) {
    expect_error(write("-4", nullptr), "external data of offset '-4', expected a number");
    expect_error(write("1x", nullptr), "external data of offset '1x', expected a number");
    expect_error(write("99999999999999999999", nullptr), "expected a number");
}

TEST_F(ExternalData, LinkOutOfTheFolder) {
    const fs::path file = write(nullptr, nullptr, "link.bin");
    fs::create_symlink("/etc/passwd", file.parent_path() / "link.bin");
    expect_error(file, "'link.bin', which is outside the model's folder");
}

TEST(ImportTensor, ConvertsFloatTypes) {
    const auto import_as = [](int type, auto set_data) {
        OnnxMaker make = tiny_model();
        auto &tensor = *make.graph().mutable_initializer(0);
        tensor.clear_float_data();
        tensor.set_data_type(type);
        set_data(tensor);
        return run_tiny(write_model(make)) / 3;
    };
    const auto half = [&](int bits) {
        return import_as(onnx::TensorProto::FLOAT16, [=](auto &t) { t.add_int32_data(bits); });
    };
    EXPECT_EQ(half(0x3c00), 1);
    EXPECT_EQ(half(0xc500), -5);
    EXPECT_EQ(half(0x7bff), 65504);
    EXPECT_EQ(half(0x0001), std::ldexp(1, -24));
    EXPECT_EQ(half(0x7c00), std::numeric_limits<double>::infinity());
    EXPECT_TRUE(std::isnan(half(0x7e00)));
    EXPECT_EQ(import_as(onnx::TensorProto::FLOAT16,
                        [](auto &t) { t.set_raw_data(std::string("\x00\x3e", 2)); }),
              1.5);
    EXPECT_EQ(import_as(onnx::TensorProto::DOUBLE, [](auto &t) { t.add_double_data(0.25); }), 0.25);
    const double raw = -0.75;
    EXPECT_EQ(import_as(onnx::TensorProto::DOUBLE,
                        [&](auto &t) { t.set_raw_data(std::string((const char *)&raw, 8)); }),
              -0.75);
}

TEST(ImportTensor, CountsElementsWithoutOverflow) {
    EXPECT_EQ(element_count({}), 1);
    EXPECT_EQ(element_count({2, 3}), 6);
    EXPECT_EQ(element_count({INT32_MAX}), INT32_MAX);
    EXPECT_EQ(element_count({INT32_MAX, 2}), -1);
    EXPECT_EQ(element_count({int64_t{1} << 62, 4}), -1);
    EXPECT_EQ(element_count({0, 5}), 0);
    EXPECT_EQ(element_count({0, int64_t{1} << 62}), -1);
    EXPECT_EQ(element_count({-1, -1}), -1);
}

TEST(ImportOptionsTest, FixesNamedDimensions) {
    OnnxMaker make = tiny_model();
    auto &shape = *make.graph().mutable_input(0)->mutable_type()->mutable_tensor_type();
    shape.mutable_shape()->mutable_dim(0)->set_dim_param("N");
    shape.mutable_shape()->mutable_dim(2)->set_dim_param("H");
    const fs::path file = write_model(make);
    ImportOptions options;
    options.dims = {{"N", 2}, {"H", 3}};
    const Graph graph = import_onnx(file, options);
    EXPECT_EQ(graph.values[graph.inputs[0]].dims, (std::vector<int64_t>{2, 1, 3, 1}));
    options.dims = {{"N", 2}};
    expect_error(file, "--dim H=VALUE", options);
    options.dims = {{"N", 0}, {"H", 1}};
    expect_error(file, "input 'x' has dims (0, 1, 1, 1)", options);
    options.dims = {{"N", 1}, {"H", 1}, {"M", 1}};
    expect_error(file, "no input has a dimension named 'M', expected one of: H N", options);
}

TEST(ImportOptionsTest, WarnsOfWeightsThatAreNotFinite) {
    for (float bad :
         {std::numeric_limits<float>::quiet_NaN(), -std::numeric_limits<float>::infinity()}) {
        std::vector<std::string> lines;
        ImportOptions options;
        options.warn = [&](const std::string &line) { lines.push_back(line); };
        const fs::path file = write_model(tiny_model(bad));
        import_onnx(file, options);
        EXPECT_EQ(lines, (std::vector<std::string>{
                             file.string() + ": 'w' holds 1 elements that are NaN or infinite"}));
        EXPECT_NO_THROW(import_onnx(file)) << "without a receiver";
    }
}

TEST(ImportOptionsTest, WarnsOfNegativeVariance) {
    OnnxMaker make;
    make.input("x", {1, 2});
    make.weights("p", {2}, -1);
    make.node("BatchNormalization", "x p p p p", "y");
    make.output("y");
    std::string lines;
    ImportOptions options;
    options.warn = [&](const std::string &line) { lines += line; };
    import_onnx(write_model(make), options);
    EXPECT_NE(lines.find("node 'y' (BatchNormalization): var + epsilon"), std::string::npos);
}

TEST(ImportGraph, KeepsNamesAndOrder) {
    OnnxMaker make = tiny_model();
    make.input("second", {1, 1, 1, 1});
    make.node("Add", "second y", "sum");
    make.node("Identity", "sum", "alias");
    make.output("alias");
    make.output("x");
    const Graph graph = import_onnx(write_model(make));
    EXPECT_EQ(graph.name, "tiny");
    EXPECT_EQ(graph.nodes[0].name, "conv");
    EXPECT_EQ(graph.nodes[1].name, "sum");
    const auto name = [&](ValueId value) { return graph.values[value].name; };
    EXPECT_EQ(name(graph.inputs[0]), "x");
    EXPECT_EQ(name(graph.inputs[1]), "second");
    ASSERT_EQ(graph.outputs.size(), 3u);
    EXPECT_EQ(name(graph.outputs[0]), "y");
    EXPECT_EQ(name(graph.outputs[1]), "alias");
    EXPECT_EQ(name(graph.outputs[2]), "x");
    EXPECT_NE(graph.outputs[2], graph.inputs[0]) << "an output that is an input is copied";
}

TEST(ImportGraph, AcceptsUnusedInitializersOfAnyType) {
    OnnxMaker make = tiny_model();
    make.weights("text", {1}).set_data_type(onnx::TensorProto::STRING);
    EXPECT_EQ(run_tiny(write_model(make)), 6);
}

TEST(ImportGraph, ReluIsRecognised) {
    const auto activation = [](const std::string &inputs) {
        OnnxMaker make;
        make.input("x", {1});
        make.weights("zero", {}, 0);
        make.weights("six", {}, 6);
        make.weights("infinity", {}, INFINITY);
        make.node("Clip", inputs, "y");
        make.output("y");
        const Graph graph = import_onnx(write_model(make));
        return std::get<Activate>(graph.nodes[0].operation).activation;
    };
    EXPECT_EQ(activation("x zero"), Activation::relu());
    EXPECT_EQ(activation("x zero infinity"), Activation::relu());
    EXPECT_EQ(activation("x zero six"), Activation::clip(0, 6));
}

// ONNX Runtime does not run auto_pad SAME with dilations, so that no case covers it.
TEST(ImportGraph, SamePadsCountDilations) {
    OnnxMaker make;
    make.input("x", {1, 1, 9, 9});
    make.weights("w", {1, 1, 3, 2});
    auto &conv = make.node("Conv", "x w", "y");
    set_ints(conv, "dilations", {2, 3});
    set_string(conv, "auto_pad", "SAME_LOWER");
    make.output("y");
    const Graph graph = import_onnx(write_model(make));
    const ConvProblem &p = std::get<Conv2d>(graph.nodes[0].operation).problem;
    EXPECT_EQ(to_string(p), to_string(parse_conv_problem("ic1ih9oc1kh3kw2dh2dw3ph2pw2pwe1")));
}

}  // namespace
}  // namespace convoy
