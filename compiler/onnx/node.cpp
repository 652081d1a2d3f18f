#include "compiler/onnx/node.h"

#include <stdexcept>

#include "onnx.pb.h"

namespace convoy {

using onnx::AttributeProto;

OnnxNode::OnnxNode(const onnx::NodeProto &proto, OnnxBuilder &builder)
    : proto_(proto), builder_(builder) {}

std::string OnnxNode::name() const {
    if (!proto_.name().empty()) return proto_.name();
    return proto_.output_size() > 0 ? proto_.output(0) : "";
}

const std::string &OnnxNode::op_type() const {
    return proto_.op_type();
}

void OnnxNode::fail(const std::string &what) const {
    builder_.fail("node '" + name() + "' (" + op_type() + "): " + what);
}

const AttributeProto *OnnxNode::find(const std::string &attribute) const {
    for (const AttributeProto &candidate : proto_.attribute()) {
        if (candidate.name() == attribute) return &candidate;
    }
    return nullptr;
}

const AttributeProto *OnnxNode::find(const std::string &attribute, int type,
                                     const char *type_name) const {
    const AttributeProto *found = find(attribute);
    if (found && found->type() != type) {
        fail("attribute '" + attribute + "' has type " +
             AttributeProto::AttributeType_Name(found->type()) + ", expected " + type_name);
    }
    return found;
}

bool OnnxNode::has_attribute(const std::string &attribute) const {
    return find(attribute) != nullptr;
}

int64_t OnnxNode::attribute_int(const std::string &attribute, int64_t otherwise) const {
    const AttributeProto *found = find(attribute, AttributeProto::INT, "INT");
    return found ? found->i() : otherwise;
}

float OnnxNode::attribute_float(const std::string &attribute, float otherwise) const {
    const AttributeProto *found = find(attribute, AttributeProto::FLOAT, "FLOAT");
    return found ? found->f() : otherwise;
}

std::string OnnxNode::attribute_string(const std::string &attribute,
                                       const std::string &otherwise) const {
    const AttributeProto *found = find(attribute, AttributeProto::STRING, "STRING");
    return found ? found->s() : otherwise;
}

std::vector<int64_t> OnnxNode::attribute_ints(const std::string &attribute,
                                              const std::vector<int64_t> &otherwise) const {
    const AttributeProto *found = find(attribute, AttributeProto::INTS, "INTS");
    if (!found) return otherwise;
    return {found->ints().begin(), found->ints().end()};
}

std::vector<float> OnnxNode::attribute_floats(const std::string &attribute) const {
    const AttributeProto *found = find(attribute, AttributeProto::FLOATS, "FLOATS");
    if (!found) return {};
    return {found->floats().begin(), found->floats().end()};
}

const onnx::TensorProto &OnnxNode::attribute_tensor(const std::string &attribute) const {
    const AttributeProto *found = find(attribute, AttributeProto::TENSOR, "TENSOR");
    if (!found) fail("attribute '" + attribute + "' is missing");
    return found->t();
}

void OnnxNode::expect_attribute(const std::string &attribute, int64_t neutral) const {
    const int64_t found = attribute_int(attribute, neutral);
    if (found == neutral) return;
    fail("attribute '" + attribute + "' is " + std::to_string(found) + ", only " +
         std::to_string(neutral) + " is supported");
}

int OnnxNode::attribute_axis(int64_t otherwise, size_t rank, int64_t last) const {
    const int64_t axis = attribute_int("axis", otherwise);
    const int64_t lowest = -int64_t(rank);
    if (axis < lowest || axis > last) {
        fail("attribute 'axis' is " + std::to_string(axis) + ", expected " +
             std::to_string(lowest) + " to " + std::to_string(last) + " for rank " +
             std::to_string(rank));
    }
    return int(axis < 0 ? axis + int64_t(rank) : axis);
}

int OnnxNode::input_count() const {
    return proto_.input_size();
}

bool OnnxNode::has_input(int index) const {
    return index < proto_.input_size() && !proto_.input(index).empty();
}

const std::string &OnnxNode::input_name(int index) const {
    return proto_.input(index);
}

bool OnnxNode::is_constant(int index) const {
    return builder_.is_constant(input_name(index));
}

ValueId OnnxNode::activation(int index, const char *what) const {
    if (!has_input(index)) fail(std::string(what) + " is missing");
    if (is_constant(index)) {
        fail(std::string(what) + " '" + input_name(index) +
             "' is a constant, expected an activation");
    }
    return builder_.activation(input_name(index));
}

ValueId OnnxNode::operand(int index, const char *what) {
    if (!has_input(index) || !is_constant(index)) return activation(index, what);
    const OnnxTensor &tensor = floats(index, what);
    return builder_.add_node(input_name(index), Literal{tensor.floats}, {}, input_name(index),
                             tensor.dims);
}

std::vector<int64_t> OnnxNode::input_dims(int index, const char *what) const {
    const bool is_activation = has_input(index) && !is_constant(index);
    return is_activation ? dims(activation(index, what)) : floats(index, what).dims;
}

std::vector<int64_t> OnnxNode::dims(ValueId value) const {
    return builder_.graph.values[value].dims;
}

const OnnxTensor &OnnxNode::constant(int index, const char *what) const {
    if (!has_input(index)) fail(std::string(what) + " is missing");
    const std::string role = std::string(what) + " '" + input_name(index) + "' ";
    if (!is_constant(index)) {
        fail(role + "is computed by the model, expected an initializer or a constant");
    }
    try {
        return builder_.constant(input_name(index));
    } catch (const std::invalid_argument &error) {
        fail(role + error.what());
    }
}

const OnnxTensor &OnnxNode::floats(int index, const char *what) const {
    const OnnxTensor &tensor = constant(index, what);
    if (!tensor.is_float) {
        fail(std::string(what) + " '" + input_name(index) + "' holds integers, expected floats");
    }
    return tensor;
}

const OnnxTensor &OnnxNode::integers(int index, const char *what) const {
    const OnnxTensor &tensor = constant(index, what);
    if (tensor.is_float) {
        fail(std::string(what) + " '" + input_name(index) + "' holds floats, expected integers");
    }
    return tensor;
}

float OnnxNode::scalar(int index, const char *what) const {
    const OnnxTensor &tensor = floats(index, what);
    if (tensor.floats->size() != 1) {
        fail(std::string(what) + " '" + input_name(index) + "' is " + dims_text(tensor.dims) +
             ", expected one element");
    }
    return tensor.floats->front();
}

void OnnxNode::expect_rank(const char *what, const std::vector<int64_t> &dims, size_t rank) const {
    if (dims.size() == rank) return;
    fail(std::string(what) + " is " + dims_text(dims) + ", expected rank " + std::to_string(rank));
}

void OnnxNode::expect_dims(const char *what, const std::vector<int64_t> &dims,
                           const std::vector<int64_t> &expected) const {
    if (dims == expected) return;
    fail(std::string(what) + " is " + dims_text(dims) + ", expected " + dims_text(expected));
}

const std::string &OnnxNode::output_name(int index) const {
    return proto_.output(index);
}

int OnnxNode::output_count() const {
    return proto_.output_size();
}

bool OnnxNode::is_output_read(int index) const {
    return index < output_count() && builder_.read_names.contains(output_name(index));
}

void OnnxNode::output(Operation operation, std::vector<ValueId> inputs,
                      const std::vector<int64_t> &dims, int index) {
    const std::string node_name = index == 0 ? name() : name() + "/" + std::to_string(index);
    output(builder_.add_node(node_name, std::move(operation), std::move(inputs), output_name(index),
                             dims),
           index);
}

void OnnxNode::output(ValueId value, int index) {
    if (const Literal *literal = builder_.literal(value)) {
        OnnxTensor tensor;
        tensor.dims = dims(value);
        tensor.floats = literal->data;
        return output_constant(std::move(tensor), index);
    }
    builder_.graph.values[value].name = output_name(index);
    builder_.define_activation(output_name(index), value);
}

void OnnxNode::output_same_as(int input, int index) {
    if (!has_input(input)) fail("input is missing");
    builder_.define_alias(output_name(index), input_name(input));
}

void OnnxNode::output_constant(OnnxTensor tensor, int index) {
    builder_.define_constant(output_name(index), std::move(tensor));
}

ValueId OnnxNode::intermediate(Operation operation, std::vector<ValueId> inputs,
                               const std::vector<int64_t> &dims) {
    const std::string value_name =
        output_name(0) + "/" + std::to_string(builder_.graph.values.size());
    return builder_.add_node(name(), std::move(operation), std::move(inputs), value_name, dims);
}

}  // namespace convoy
