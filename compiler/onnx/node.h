#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "compiler/onnx/builder.h"

namespace onnx {
class AttributeProto;
class NodeProto;
}  // namespace onnx

namespace convoy {

// What the importer of an operator sees: one ONNX node, with its attributes, inputs and outputs.
// Every error names the file, the node and its operator.
class OnnxNode {
public:
    OnnxNode(const onnx::NodeProto &proto, OnnxBuilder &builder);

    [[noreturn]] void fail(const std::string &what) const;
    std::string name() const;
    const std::string &op_type() const;
    int64_t opset() const { return builder_.opset; }
    OnnxBuilder &builder() const { return builder_; }

    // Attributes: the value, or `otherwise` where the node does not have it. A wrong type is an
    // error.
    bool has_attribute(const std::string &attribute) const;
    int64_t attribute_int(const std::string &attribute, int64_t otherwise) const;
    float attribute_float(const std::string &attribute, float otherwise) const;
    std::string attribute_string(const std::string &attribute, const std::string &otherwise) const;
    std::vector<int64_t> attribute_ints(const std::string &attribute,
                                        const std::vector<int64_t> &otherwise) const;
    std::vector<float> attribute_floats(const std::string &attribute) const;
    const onnx::TensorProto &attribute_tensor(const std::string &attribute) const;
    // For an attribute whose other values would change the meaning.
    void expect_attribute(const std::string &attribute, int64_t neutral) const;
    // An axis in [-rank, rank), or up to `last` where that is more than rank - 1; never negative.
    int attribute_axis(int64_t otherwise, size_t rank, int64_t last) const;

    // Inputs. `what` is the input's role: "weights".
    int input_count() const;
    bool has_input(int index) const;
    const std::string &input_name(int index) const;
    bool is_constant(int index) const;
    ValueId activation(int index, const char *what) const;
    // An activation, or a constant of floats as one.
    ValueId operand(int index, const char *what);
    // What is there, constant or not.
    std::vector<int64_t> input_dims(int index, const char *what) const;
    std::vector<int64_t> dims(ValueId value) const;
    const OnnxTensor &constant(int index, const char *what) const;
    const OnnxTensor &floats(int index, const char *what) const;
    const OnnxTensor &integers(int index, const char *what) const;
    float scalar(int index, const char *what) const;
    void expect_rank(const char *what, const std::vector<int64_t> &dims, size_t rank) const;
    void expect_dims(const char *what, const std::vector<int64_t> &dims,
                     const std::vector<int64_t> &expected) const;

    // An output, the first where none is named: a new node's, an intermediate one, the same as an
    // input, or a constant.
    int output_count() const;
    // False for one that is left out or that nobody reads.
    bool is_output_read(int index) const;
    void output(ValueId value, int index = 0);
    void output(Operation operation, std::vector<ValueId> inputs, const std::vector<int64_t> &dims,
                int index = 0);
    void output_same_as(int input, int index = 0);
    void output_constant(OnnxTensor tensor, int index = 0);
    // A node whose result only this ONNX node sees.
    ValueId intermediate(Operation operation, std::vector<ValueId> inputs,
                         const std::vector<int64_t> &dims);

private:
    const onnx::AttributeProto *find(const std::string &attribute) const;
    const onnx::AttributeProto *find(const std::string &attribute, int type,
                                     const char *type_name) const;
    const std::string &output_name(int index) const;

    const onnx::NodeProto &proto_;
    OnnxBuilder &builder_;
};

}  // namespace convoy
