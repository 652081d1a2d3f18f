// Structure, shapes and tensors that must be refused, each with one line that names file, node and
// expectation.

#include <gtest/gtest.h>

#include "tests/compiler/bad_model.h"

namespace convoy {
namespace {

onnx::NodeProto &conv(OnnxMaker &make) {
    return *make.graph().mutable_node(0);
}

onnx::TensorProto &w(OnnxMaker &make) {
    return *make.graph().mutable_initializer(0);
}

auto &input_type(OnnxMaker &make) {
    return *make.graph().mutable_input(0)->mutable_type()->mutable_tensor_type();
}

void state_shape(OnnxMaker &make, const std::vector<int64_t> &dims) {
    auto &type = *make.graph().mutable_output(0)->mutable_type()->mutable_tensor_type();
    type.set_elem_type(onnx::TensorProto::FLOAT);
    for (int64_t dim : dims) type.mutable_shape()->add_dim()->set_dim_value(dim);
}

void set_external(onnx::TensorProto &tensor, const std::string &location) {
    tensor.clear_float_data();
    tensor.set_data_location(onnx::TensorProto::EXTERNAL);
    auto &entry = *tensor.add_external_data();
    entry.set_key("location");
    entry.set_value(location);
}

const int64_t huge = int64_t{1} << 62;
const std::string conv_node = "node 'conv' (Conv): ";

const std::vector<BadModel> structure_errors = {
    {"UnknownOperator",
     [](auto &m) { conv(m).set_op_type("LSTM"); },
     {"node 'conv' (LSTM): the operator is not supported", "Abs, Add, AveragePool"}},
    {"NodeWithoutName",
     [](auto &m) { conv(m).clear_name(), conv(m).set_op_type("LSTM"); },
     {"node 'y' (LSTM)"}},
    {"UnknownDomain",
     [](auto &m) { conv(m).set_domain("com.example"); },
     {conv_node, "domain 'com.example'", "expected ai.onnx"}},
    {"UnknownAttribute",
     [](auto &m) { set_int(conv(m), "wings", 2); },
     {conv_node, "attribute 'wings' is not supported", "auto_pad dilations group"}},
    {"AttributeType",
     [](auto &m) { set_string(conv(m), "strides", "1"); },
     {conv_node, "attribute 'strides' has type STRING, expected INTS"}},
    {"TooManyInputs",
     [](auto &m) {
         for (int i = 0; i < 2; ++i) conv(m).add_input("w");
     },
     {conv_node, "it has 4 inputs, expected 2 to 3"}},
    {"NoOutput", [](auto &m) { conv(m).clear_output(); }, {"(Conv): it has no output"}},
    {"SecondOutput",
     [](auto &m) { conv(m).add_output("z"); },
     {conv_node, "its output 'z' is used"}},
    {"OldOpset",
     [](auto &m) { m.model.mutable_opset_import(0)->set_version(6); },
     {"opset 6, expected 7 to"}},
    {"FutureOpset",
     [](auto &m) { m.model.mutable_opset_import(0)->set_version(999); },
     {"opset 999, expected 7 to"}},
    {"NoOpset", [](auto &m) { m.model.clear_opset_import(); }, {"imports no opset"}},
    {"NothingDefines",
     [](auto &m) { conv(m).set_input(0, "ghost"); },
     {conv_node, "it reads 'ghost', which nothing defines"}},
    {"Unsorted",
     [](auto &m) { conv(m).set_input(0, "late"), m.node("Relu", "x", "late").set_name("r"); },
     {conv_node, "it reads 'late', which node 'r' defines later", "order without cycles"}},
    {"Cycle",
     [](auto &m) { conv(m).set_input(0, "b"), m.node("Relu", "y", "b"); },
     {conv_node, "it reads 'b', which node 'b' defines later"}},
    {"DefinedTwice", [](auto &m) { m.node("Relu", "x", "y"); }, {"'y' is defined twice"}},
    {"NoOutputs", [](auto &m) { m.graph().clear_output(); }, {"it has no outputs"}},
    {"UndefinedOutput", [](auto &m) { m.output("ghost"); }, {"output 'ghost': nothing defines it"}},
    {"ConstantOutput", [](auto &m) { m.output("w"); }, {"output 'w': it is a constant"}},
    {"SparseInitializer", [](auto &m) { m.graph().add_sparse_initializer(); }, {"sparse"}},
    {"LineBreakInName",
     [](auto &m) { conv(m).set_name("a\nb"), conv(m).set_op_type("LSTM"); },
     {"node 'a?b' (LSTM)"}},
};

const std::vector<BadModel> shape_errors = {
    {"NonFloatInput",
     [](auto &m) { input_type(m).set_elem_type(onnx::TensorProto::UINT8); },
     {"input 'x': its type is UINT8, expected FLOAT"}},
    {"NonTensorInput",
     [](auto &m) { m.graph().mutable_input(0)->mutable_type()->mutable_sequence_type(); },
     {"input 'x': expected a tensor"}},
    {"InputWithoutShape", [](auto &m) { input_type(m).clear_shape(); }, {"'x': it has no shape"}},
    {"DynamicDim",
     [](auto &m) { input_type(m).mutable_shape()->mutable_dim(0)->set_dim_param("N"); },
     {"input 'x', dimension 0", "the name 'N'", "--dim N=VALUE"}},
    {"UnnamedDim",
     [](auto &m) { input_type(m).mutable_shape()->mutable_dim(2)->Clear(); },
     {"input 'x', dimension 2: it has neither size nor name"}},
    {"ZeroDim",
     [](auto &m) { input_type(m).mutable_shape()->mutable_dim(0)->set_dim_value(0); },
     {"input 'x' has dims (0, 4, 6, 6), expected 1 to 2147483647 elements"}},
    {"NegativeDim",
     [](auto &m) { input_type(m).mutable_shape()->mutable_dim(0)->set_dim_value(-1); },
     {"input 'x' has dims (-1, 4, 6, 6)"}},
    {"HugeDims",
     [](auto &m) {
         for (auto &d : *input_type(m).mutable_shape()->mutable_dim()) d.set_dim_value(huge);
     },
     {"input 'x' has dims (4611686018427387904"}},
    {"InputRank",
     [](auto &m) { input_type(m).mutable_shape()->mutable_dim()->RemoveLast(); },
     {conv_node, "weights are (8, 2, 3, 3), expected (oc, ic/g, kw)"}},
    {"StatedShape",
     [](auto &m) {
         state_shape(m, {1, 8, 6, 6});
     },
     {conv_node, "'y' is computed as (1, 8, 4, 4), but the model states (1, 8, 6, 6)"}},
    {"StatedRank",
     [](auto &m) {
         state_shape(m, {1, 8});
     },
     {"but the model states (1, 8)"}},
    {"Groups",
     [](auto &m) { conv(m).mutable_attribute(0)->set_i(3); },
     {conv_node, "attribute 'group' is 3, expected a divisor of ic 4 and of oc 8"}},
    {"ZeroGroups", [](auto &m) { conv(m).mutable_attribute(0)->set_i(0); }, {"'group' is 0"}},
    {"ChannelsPerGroup",
     [](auto &m) { conv(m).mutable_attribute(0)->set_i(4); },
     {conv_node, "weights are (8, 2, 3, 3), expected 1 channels per group"}},
    {"WeightsRank",
     [](auto &m) { w(m).mutable_dims()->Set(0, 24), w(m).mutable_dims()->Truncate(3); },
     {conv_node, "weights are (24, 2, 3), expected (oc, ic/g, kh, kw)"}},
    {"KernelShape",
     [](auto &m) {
         set_ints(conv(m), "kernel_shape", {3, 5});
     },
     {conv_node, "attribute 'kernel_shape' is (3, 5), expected (3, 3)"}},
    {"Bias",
     [](auto &m) { m.weights("b", {4}), conv(m).add_input("b"); },
     {conv_node, "bias is (4), expected (8)"}},
    {"WeightsComputed",
     [](auto &m) { conv(m).set_input(1, "x"); },
     {conv_node, "attribute 'group' is 2, expected a divisor of ic 4 and of oc 1"}},
    {"ConstantInput",
     [](auto &m) { conv(m).set_input(0, "w"); },
     {conv_node, "input 'w' is a constant, expected an activation"}},
    {"AbsentInput", [](auto &m) { conv(m).set_input(0, ""); }, {conv_node, "input is missing"}},
    {"ZeroStride",
     [](auto &m) {
         set_ints(conv(m), "strides", {0, 1});
     },
     {conv_node, "attribute 'strides' is (0, 1), expected values from 1"}},
    {"OneDilation",
     [](auto &m) { set_ints(conv(m), "dilations", {1}); },
     {conv_node, "attribute 'dilations' is (1), expected 2 values"}},
    {"NegativePad",
     [](auto &m) {
         set_ints(conv(m), "pads", {0, 0, -1, 0});
     },
     {conv_node, "attribute 'pads' is (0, 0, -1, 0), expected 4 values from 0"}},
    {"TwoPads",
     [](auto &m) {
         set_ints(conv(m), "pads", {1, 1});
     },
     {"'pads' is (1, 1)"}},
    {"HugePad",
     [](auto &m) {
         set_ints(conv(m), "pads", {INT32_MAX, 0, INT32_MAX, 0});
     },
     {conv_node, "reaches beyond 2147483647 elements along ih"}},
    {"HugeDilation",
     [](auto &m) {
         set_ints(conv(m), "dilations", {1, INT32_MAX});
     },
     {conv_node, "reaches beyond 2147483647 elements along iw"}},
    {"HugeOutput",
     [](auto &m) {
         set_ints(conv(m), "pads", {100000, 100000, 0, 0});
     },
     {conv_node, "'y' has dims (1, 8, 100004, 100004), expected 1 to 2147483647 elements"}},
    {"WindowExceedsInput",
     [](auto &m) {
         set_ints(conv(m), "dilations", {1, 3});
     },
     {conv_node, "its window of 7 along iw exceeds the padded input of 6"}},
    {"AutoPad",
     [](auto &m) { set_string(conv(m), "auto_pad", "MIRROR"); },
     {conv_node, "attribute 'auto_pad' is 'MIRROR', expected NOTSET, VALID"}},
    {"AutoPadBesidePads",
     [](auto &m) {
         set_string(conv(m), "auto_pad", "VALID");
         set_ints(conv(m), "pads", {1, 1, 1, 1});
     },
     {conv_node, "'pads' is (1, 1, 1, 1) beside auto_pad VALID, expected no pads"}},
};

const std::vector<BadModel> tensor_errors = {
    {"TooFewElements",
     [](auto &m) { w(m).mutable_float_data()->RemoveLast(); },
     {conv_node, "weights 'w' holds 143 elements, expected 144 for its dims (8, 2, 3, 3)"}},
    {"RawBytes",
     [](auto &m) { w(m).clear_float_data(), w(m).set_raw_data("1234567"); },
     {conv_node, "weights 'w' holds 7 bytes, expected 576 for its dims"}},
    {"HugeWeights",
     [](auto &m) { w(m).mutable_dims()->Set(0, huge); },
     {conv_node, "weights 'w' has dims (4611686018427387904", "at most 2147483647 elements"}},
    {"ClaimedWeights",
     [](auto &m) { w(m).mutable_dims()->Set(0, 100000000); },
     {conv_node, "weights 'w' holds 144 elements, expected 1800000000"}},
    {"NegativeWeights",
     [](auto &m) { w(m).mutable_dims()->Set(0, -8); },
     {conv_node, "weights 'w' has dims (-8, 2, 3, 3), expected none negative"}},
    {"ZeroWeights",
     [](auto &m) { w(m).mutable_dims()->Set(0, 0), w(m).clear_float_data(); },
     {conv_node, "weights are (0, 2, 3, 3)", "without zeros"}},
    {"WeightsType",
     [](auto &m) { w(m).set_data_type(onnx::TensorProto::UINT8); },
     {conv_node, "weights 'w' has data type UINT8, expected one of float32, float16"}},
    {"WeightsOfUnknownType",
     [](auto &m) { w(m).set_data_type(777); },
     {conv_node, "weights 'w' has data type 777"}},
    {"IntegerWeights",
     [](auto &m) { m.integers("k", {1}), conv(m).set_input(1, "k"); },
     {conv_node, "weights 'k' holds integers, expected floats"}},
    {"Segment", [](auto &m) { w(m).mutable_segment(); }, {conv_node, "stored in segments"}},
    {"ExternalMissing",
     [](auto &m) { set_external(w(m), "w.bin"); },
     {conv_node, "weights 'w' has its data in 'w.bin', which is not a file"}},
    {"ExternalEscapes",
     [](auto &m) { set_external(w(m), "../w.bin"); },
     {conv_node, "'../w.bin', which is outside the model's folder"}},
    {"ExternalAbsolute",
     [](auto &m) { set_external(w(m), "/etc/passwd"); },
     {conv_node, "'/etc/passwd', which is outside the model's folder"}},
    {"ExternalFolder", [](auto &m) { set_external(w(m), "."); }, {conv_node, "'.', which is"}},
    {"ExternalWithoutLocation", [](auto &m) { set_external(w(m), ""); }, {"without a location"}},
};

class ModelErrors : public testing::TestWithParam<BadModel> {};

TEST_P(ModelErrors, AreOneLine) {
    expect_refused(GetParam());
}

std::string name_of(const testing::TestParamInfo<BadModel> &test) {
    return test.param.name;
}

INSTANTIATE_TEST_SUITE_P(Structure, ModelErrors, testing::ValuesIn(structure_errors), name_of);
INSTANTIATE_TEST_SUITE_P(Shapes, ModelErrors, testing::ValuesIn(shape_errors), name_of);
INSTANTIATE_TEST_SUITE_P(Tensors, ModelErrors, testing::ValuesIn(tensor_errors), name_of);

}  // namespace
}  // namespace convoy
