// What an operator does not support must be refused, each with one line that names file, node and
// expectation.

#include <gtest/gtest.h>

#include <cmath>

#include "tests/compiler/bad_model.h"

namespace convoy {
namespace {

// One node of op_type that reads x of the given dims and writes y.
std::function<void(OnnxMaker &)> one_node(const std::string &op_type,
                                          const std::vector<int64_t> &dims,
                                          std::function<void(onnx::NodeProto &)> set = {},
                                          const std::string &inputs = "x") {
    return [=](OnnxMaker &make) {
        make.input("x", dims);
        auto &node = make.node(op_type, inputs, "y");
        node.set_name("one");
        if (set) set(node);
        make.output("y");
    };
}

const std::vector<BadModel> operator_errors = {
    {"AddDims",
     [](auto &m) {
         m.input("z", {1, 3, 6, 6}), m.node("Add", "x z", "a");
     },
     {"node 'a' (Add): operands are (1, 4, 6, 6) and (1, 3, 6, 6), expected dims that are equal"}},
    {"AddConstantPerRow",
     [](auto &m) { m.weights("c", {5}), m.node("Add", "x c", "a"); },
     {"(Add): operands are (1, 4, 6, 6) and (5), expected dims that are equal or 1"}},
    {"AddTwoConstants",
     [](auto &m) { m.weights("c", {2}), m.weights("d", {3}), m.node("Add", "c d", "a"); },
     {"(Add): operands are (2) and (3), expected dims that are equal or 1"}},
    {"AddManyChanges",
     [](auto &m) {
         m.input("a", {2, 1, 2, 1, 2, 1}), m.input("b", {1, 2, 1, 2, 1, 2});
         m.node("Add", "a b", "c");
     },
     {"(Add): operands are", "expected at most 4 changes between repeated and own dims"}},
    {"AddIntegers",
     [](auto &m) { m.integers("c", {2}), m.node("Add", "x c", "a"); },
     {"(Add): operand 'c' holds integers, expected floats"}},
    {"AddMissing", [](auto &m) { m.node("Add", "x -", "a"); }, {"(Add): an operand is missing"}},
    {"GeluApproximate",
     one_node("Gelu", {3}, [](auto &n) { set_string(n, "approximate", "most"); }),
     {"(Gelu): attribute 'approximate' is 'most', expected none or tanh"},
     false},
    {"SwishAlpha",
     one_node("Swish", {3}, [](auto &n) { set_float(n, "alpha", 2); }),
     {"(Swish): attribute 'alpha' is 2, only 1 is supported"},
     false},
    {"EluAlpha",
     one_node("Elu", {3}, [](auto &n) { set_float(n, "alpha", INFINITY); }),
     {"(Elu): attribute 'alpha' or 'beta' is infinite or NaN"},
     false},
    {"ReduceAxes",
     one_node("ReduceMean", {3, 4}, [](auto &n) { set_ints(n, "axes", {2}); }),
     {"(ReduceMean): axes are (2), expected -2 to 1"},
     false},
    {"ReduceAxesTwice",
     [](auto &m) {
         m.integers("s", {1});
         set_ints(m.node("ReduceSum", "x s", "r"), "axes", {1});
     },
     {"(ReduceSum): it has axes as an attribute and as an input"}},
    {"ReduceComputedAxes",
     [](auto &m) { m.node("ReduceSum", "x x", "r"); },
     {"(ReduceSum): axes 'x' is computed by the model"}},
    {"LayerNormalizationScale",
     [](auto &m) { m.weights("s", {5}), m.node("LayerNormalization", "x s", "l"); },
     {"(LayerNormalization): Scale is (5), expected (6)"}},
    {"LayerNormalizationComputed",
     [](auto &m) { m.node("LayerNormalization", "x x", "l"); },
     {"(LayerNormalization): Scale 'x' is computed by the model"}},
    {"LayerNormalizationMean",
     [](auto &m) {
         m.weights("s", {6}), m.node("LayerNormalization", "x s", "l mean"), m.output("mean");
     },
     {"(LayerNormalization): its output 'mean' is used"}},
    {"InstanceNormalizationRank",
     [](auto &m) {
         m.input("z", {1, 3}), m.weights("s", {3});
         m.node("InstanceNormalization", "z s s", "n");
     },
     {"(InstanceNormalization): input is (1, 3), expected rank 3 or more"}},
    {"GroupNormalizationGroups",
     [](auto &m) {
         m.weights("s", {4});
         set_int(m.node("GroupNormalization", "x s s", "n"), "num_groups", 3);
     },
     {"(GroupNormalization): attribute 'num_groups' is 3, expected a divisor of 4"}},
    {"GroupNormalizationWithout",
     [](auto &m) { m.weights("s", {4}), m.node("GroupNormalization", "x s s", "n"); },
     {"(GroupNormalization): attribute 'num_groups' must be 1 or more"}},
    {"BatchNormalizationRank",
     one_node("BatchNormalization", {3}, {}, "x x x x x"),
     {"node 'one' (BatchNormalization): input is (3), expected channels"},
     false},
    {"BatchNormalizationTraining",
     one_node(
         "BatchNormalization", {1, 3}, [](auto &n) { set_int(n, "training_mode", 1); },
         "x x x x x"),
     {"attribute 'training_mode' is 1, only 0 is supported"},
     false},
    {"BatchNormalizationScale",
     [](auto &m) { m.weights("s", {3}), m.node("BatchNormalization", "x s s s s", "n"); },
     {"node 'n' (BatchNormalization): scale is (3), expected (4)"}},
    {"ClipAttributes",
     one_node("Clip", {3}, [](auto &n) { set_float(n, "min", 0); }),
     {"node 'one' (Clip): attributes 'min' and 'max' in opset 13, expected inputs"},
     false},
    {"ClipComputedLimit",
     one_node("Clip", {1}, {}, "x x"),
     {"(Clip): min 'x' is computed by the model"},
     false},
    {"ClipTwoLimits",
     [](auto &m) { m.weights("c", {2}), m.node("Clip", "x c", "a"); },
     {"(Clip): min 'c' is (2), expected one element"}},
    {"ClipNan",
     [](auto &m) { m.weights("c", {}, NAN), m.node("Clip", "x - c", "a"); },
     {"(Clip): max is NaN"}},
    {"PoolWithoutKernel",
     one_node("MaxPool", {1, 1, 4, 4}),
     {"(MaxPool): attribute 'kernel_shape' is missing"},
     false},
    {"PoolRank",
     one_node("MaxPool", {1, 4}, [](auto &n) { set_ints(n, "kernel_shape", {2}); }),
     {"(MaxPool): input is (1, 4), expected (mb, c, w), (mb, c, h, w) or (mb, c, d, h, w)"},
     false},
    {"PoolWindowInPads",
     one_node("MaxPool", {1, 1, 4, 4},
              [](auto &n) {
                  set_ints(n, "kernel_shape", {2, 2});
                  set_ints(n, "pads", {2, 0, 0, 0});
              }),
     {"(MaxPool): its window 0 along ih lies in the pads"},
     false},
    {"PoolStorageOrder",
     one_node("MaxPool", {1, 1, 4, 4},
              [](auto &n) {
                  set_ints(n, "kernel_shape", {2, 2});
                  set_int(n, "storage_order", 1);
              }),
     {"(MaxPool): attribute 'storage_order' is 1, only 0 is supported"},
     false},
    {"PoolCeilAndAutoPad",
     one_node("MaxPool", {1, 1, 4, 4},
              [](auto &n) {
                  set_ints(n, "kernel_shape", {3, 3});
                  set_string(n, "auto_pad", "SAME_UPPER");
                  set_int(n, "ceil_mode", 1);
              }),
     {"(MaxPool): attribute 'ceil_mode' is 1 beside auto_pad"},
     false},
    {"PoolIndicesUsed",
     [](auto &m) {
         set_ints(m.node("MaxPool", "x", "p i"), "kernel_shape", {2, 2});
         m.output("i");
     },
     {"node 'p' (MaxPool): its output 'i' is used, expected only the first"}},
    {"GlobalPoolRank",
     one_node("GlobalAveragePool", {1, 2}),
     {"(GlobalAveragePool): input is (1, 2)"},
     false},
    {"FlattenAxis",
     one_node("Flatten", {1, 2}, [](auto &n) { set_int(n, "axis", 3); }),
     {"(Flatten): attribute 'axis' is 3, expected -2 to 2 for rank 2"},
     false},
    {"ReshapeCount",
     [](auto &m) {
         m.integers("s", {5, -1}), m.node("Reshape", "x s", "r");
     },
     {"(Reshape): shape (5, -1) does not hold the 144 elements"}},
    {"ReshapeTwoUnknown",
     [](auto &m) {
         m.integers("s", {-1, -1}), m.node("Reshape", "x s", "r");
     },
     {"(Reshape): shape (-1, -1) has more than one -1"}},
    {"ReshapeCopiesNothing",
     [](auto &m) {
         m.integers("s", {1, 1, 1, 1, 0}), m.node("Reshape", "x s", "r");
     },
     {"(Reshape): shape (1, 1, 1, 1, 0) copies dimension 4"}},
    {"ReshapeNegative",
     [](auto &m) {
         m.integers("s", {-2, -72}), m.node("Reshape", "x s", "r");
     },
     {"(Reshape): shape (-2, -72) does not hold"}},
    {"ReshapeAllowZero",
     [](auto &m) {
         m.integers("s", {0, -1});
         set_int(m.node("Reshape", "x s", "r"), "allowzero", 1);
     },
     {"(Reshape): shape (0, -1) does not hold"}},
    {"ReshapeFloats",
     [](auto &m) { m.weights("s", {2}), m.node("Reshape", "x s", "r"); },
     {"(Reshape): shape 's' holds floats, expected integers"}},
    {"ReshapeComputed",
     [](auto &m) { m.node("Reshape", "x x", "r"); },
     {"(Reshape): shape 'x' is computed by the model"}},
    {"GemmRank",
     [](auto &m) {
         m.weights("b", {6, 2}), m.node("Gemm", "x b", "g");
     },
     {"(Gemm): A times B is (1, 4, 6, 2), expected rank 2"}},
    {"GemmDims",
     [](auto &m) {
         m.input("a", {2, 3}), m.weights("b", {4, 5});
         m.node("Gemm", "a b", "g");
     },
     {"(Gemm): B is (4, 5), expected 3 rows to multiply A (2, 3)"}},
    {"GemmBias",
     [](auto &m) {
         m.input("a", {2, 3}), m.weights("b", {3, 5}), m.weights("c", {3, 1});
         m.node("Gemm", "a b c", "g");
     },
     {"(Gemm): C is (3, 1), expected dims that are broadcast to (2, 5)"}},
    {"MatMulDims",
     [](auto &m) {
         m.input("a", {2, 3}), m.input("b", {4, 5});
         m.node("MatMul", "a b", "g");
     },
     {"(MatMul): A is (2, 3), B is (4, 5), expected as many columns of A as rows of B"}},
    {"MatMulBatches",
     [](auto &m) {
         m.input("a", {2, 2, 3}), m.input("b", {3, 3, 5});
         m.node("MatMul", "a b", "g");
     },
     {"(MatMul): A is (2, 2, 3), B is (3, 3, 5), expected batches that are equal or 1"}},
    {"MatMulScalar",
     [](auto &m) { m.input("a", {}), m.node("MatMul", "a x", "g"); },
     {"(MatMul): A is (), B is (1, 4, 6, 6), expected rank 1 or more"}},
    {"ConcatDims",
     [](auto &m) {
         m.input("z", {1, 4, 5, 6});
         set_int(m.node("Concat", "x z", "k"), "axis", 1);
     },
     {"(Concat): input 'z' is (1, 4, 5, 6), expected dims equal", "except along axis 1"}},
    {"ConcatConstant",
     [](auto &m) { set_int(m.node("Concat", "x w", "k"), "axis", 1); },
     {"(Concat): input 'w' is a constant"}},
    {"ConcatWithoutAxis",
     [](auto &m) { m.node("Concat", "x x", "k"); },
     {"(Concat): attribute 'axis' is missing"}},
    {"SoftmaxAxis",
     one_node("Softmax", {1, 2}, [](auto &n) { set_int(n, "axis", 2); }),
     {"(Softmax): attribute 'axis' is 2, expected -2 to 1"},
     false},
    {"ConstantWithoutValue",
     [](auto &m) { m.node("Constant", "", "k"); },
     {"node 'k' (Constant): it has no value"}},
    {"ConstantString",
     [](auto &m) { set_string(m.node("Constant", "", "k"), "value_string", "a"); },
     {"(Constant): attribute 'value_string' is not supported"}},
    {"DropoutMaskUsed",
     [](auto &m) { m.node("Dropout", "x", "d mask"), m.output("mask"); },
     {"(Dropout): its output 'mask' is used"}},
    {"DropoutTraining",
     [](auto &m) {
         auto &mode = m.integers("t", {1});
         mode.set_data_type(onnx::TensorProto::BOOL);
         mode.clear_int64_data();
         mode.set_raw_data("\1");
         m.node("Dropout", "x - t", "d");
     },
     {"(Dropout): training_mode is on, expected inference"}},
};

class OperatorErrors : public testing::TestWithParam<BadModel> {};

TEST_P(OperatorErrors, AreOneLine) {
    expect_refused(GetParam());
}

std::string name_of(const testing::TestParamInfo<BadModel> &test) {
    return test.param.name;
}

INSTANTIATE_TEST_SUITE_P(All, OperatorErrors, testing::ValuesIn(operator_errors), name_of);

}  // namespace
}  // namespace convoy
