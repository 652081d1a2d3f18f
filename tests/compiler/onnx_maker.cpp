#include "tests/compiler/onnx_maker.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <numeric>
#include <sstream>

#include "tests/temporary_folder.h"

namespace convoy {

namespace fs = std::filesystem;

OnnxMaker::OnnxMaker(int64_t opset) {
    model.set_ir_version(8);
    model.add_opset_import()->set_version(opset);
    model.mutable_graph()->set_name("test");
}

void OnnxMaker::input(const std::string &name, const std::vector<int64_t> &dims) {
    auto &input = *graph().add_input();
    input.set_name(name);
    auto &type = *input.mutable_type()->mutable_tensor_type();
    type.set_elem_type(onnx::TensorProto::FLOAT);
    type.mutable_shape();
    for (int64_t dim : dims) type.mutable_shape()->add_dim()->set_dim_value(dim);
}

void OnnxMaker::output(const std::string &name) {
    graph().add_output()->set_name(name);
}

onnx::TensorProto &OnnxMaker::weights(const std::string &name, const std::vector<int64_t> &dims,
                                      float value) {
    auto &tensor = *graph().add_initializer();
    tensor.set_name(name);
    tensor.set_data_type(onnx::TensorProto::FLOAT);
    for (int64_t dim : dims) tensor.add_dims(dim);
    const int64_t count =
        std::accumulate(dims.begin(), dims.end(), int64_t{1}, std::multiplies<>());
    for (int64_t i = 0; i < count; ++i) tensor.add_float_data(value);
    return tensor;
}

onnx::TensorProto &OnnxMaker::integers(const std::string &name,
                                       const std::vector<int64_t> &values) {
    auto &tensor = *graph().add_initializer();
    tensor.set_name(name);
    tensor.set_data_type(onnx::TensorProto::INT64);
    tensor.add_dims(int64_t(values.size()));
    for (int64_t value : values) tensor.add_int64_data(value);
    return tensor;
}

onnx::NodeProto &OnnxMaker::node(const std::string &op_type, const std::string &inputs,
                                 const std::string &outputs) {
    auto &node = *graph().add_node();
    node.set_op_type(op_type);
    std::istringstream input_names(inputs), output_names(outputs);
    for (std::string name; input_names >> name;) node.add_input(name == "-" ? "" : name);
    for (std::string name; output_names >> name;) node.add_output(name == "-" ? "" : name);
    return node;
}

namespace {

onnx::AttributeProto &add_attribute(onnx::NodeProto &node, const std::string &name,
                                    onnx::AttributeProto::AttributeType type) {
    auto &attribute = *node.add_attribute();
    attribute.set_name(name);
    attribute.set_type(type);
    return attribute;
}

}  // namespace

void set_int(onnx::NodeProto &node, const std::string &name, int64_t value) {
    add_attribute(node, name, onnx::AttributeProto::INT).set_i(value);
}

void set_float(onnx::NodeProto &node, const std::string &name, float value) {
    add_attribute(node, name, onnx::AttributeProto::FLOAT).set_f(value);
}

void set_ints(onnx::NodeProto &node, const std::string &name, const std::vector<int64_t> &values) {
    auto &attribute = add_attribute(node, name, onnx::AttributeProto::INTS);
    for (int64_t value : values) attribute.add_ints(value);
}

void set_string(onnx::NodeProto &node, const std::string &name, const std::string &value) {
    add_attribute(node, name, onnx::AttributeProto::STRING).set_s(value);
}

fs::path test_folder() {
    static const TemporaryFolder scratch;
    const auto &test = *testing::UnitTest::GetInstance()->current_test_info();
    std::string name = std::string(test.test_suite_name()) + "." + test.name();
    std::ranges::replace(name, '/', '.');
    const fs::path folder = scratch.path / name;
    fs::remove_all(folder);
    fs::create_directories(folder);
    return folder;
}

void write_file(const fs::path &file, const std::string &bytes) {
    std::ofstream stream(file, std::ios::binary);
    stream << bytes;
    ASSERT_TRUE(stream.flush()) << file;
}

}  // namespace convoy
