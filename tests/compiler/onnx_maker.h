#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "onnx.pb.h"

namespace convoy {

// Makes ONNX models for tests.
class OnnxMaker {
public:
    explicit OnnxMaker(int64_t opset = 13);

    void input(const std::string &name, const std::vector<int64_t> &dims);
    void output(const std::string &name);
    onnx::TensorProto &weights(const std::string &name, const std::vector<int64_t> &dims,
                               float value = 1);
    onnx::TensorProto &integers(const std::string &name, const std::vector<int64_t> &values);
    // Names are separated by blanks; "-" is an absent one.
    onnx::NodeProto &node(const std::string &op_type, const std::string &inputs,
                          const std::string &outputs);

    onnx::GraphProto &graph() { return *model.mutable_graph(); }

    onnx::ModelProto model;
};

void set_int(onnx::NodeProto &node, const std::string &name, int64_t value);
void set_float(onnx::NodeProto &node, const std::string &name, float value);
void set_ints(onnx::NodeProto &node, const std::string &name, const std::vector<int64_t> &values);
void set_string(onnx::NodeProto &node, const std::string &name, const std::string &value);

// A folder of this test alone, empty at first.
std::filesystem::path test_folder();

void write_file(const std::filesystem::path &file, const std::string &bytes);

}  // namespace convoy
