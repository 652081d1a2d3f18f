#include "compiler/onnx/operators.h"

#include <climits>

namespace convoy {

namespace {

const std::vector<OnnxOperator> operators = {
    {"Add", import_add, 2, 2, {}},
    {"AveragePool",
     import_average_pool,
     1,
     1,
     {"auto_pad", "ceil_mode", "count_include_pad", "dilations", "kernel_shape", "pads",
      "strides"}},
    {"BatchNormalization",
     import_batch_normalization,
     5,
     5,
     {"epsilon", "momentum", "spatial", "training_mode"},
     5},
    {"Clip", import_clip, 1, 3, {"max", "min"}},
    {"Concat", import_concat, 1, INT_MAX, {"axis"}},
    {"Constant",
     import_constant,
     0,
     0,
     {"value", "value_float", "value_floats", "value_int", "value_ints"}},
    {"Conv",
     import_conv,
     2,
     3,
     {"auto_pad", "dilations", "group", "kernel_shape", "pads", "strides"}},
    {"Dropout", import_dropout, 1, 3, {"ratio", "seed"}, 2},
    {"Flatten", import_flatten, 1, 1, {"axis"}},
    {"Gemm", import_gemm, 2, 3, {"alpha", "beta", "transA", "transB"}},
    {"GlobalAveragePool", import_global_average_pool, 1, 1, {}},
    {"Identity", import_identity, 1, 1, {}},
    {"MatMul", import_matmul, 2, 2, {}},
    {"MaxPool",
     import_max_pool,
     1,
     1,
     {"auto_pad", "ceil_mode", "dilations", "kernel_shape", "pads", "storage_order", "strides"},
     2},
    {"Relu", import_relu, 1, 1, {}},
    {"Reshape", import_reshape, 2, 2, {"allowzero"}},
    {"Softmax", import_softmax, 1, 1, {"axis"}},
};

}  // namespace

const OnnxOperator *find_operator(const std::string &op_type) {
    for (const OnnxOperator &candidate : operators) {
        if (op_type == candidate.op_type) return &candidate;
    }
    return nullptr;
}

std::string supported_operators() {
    std::string names;
    for (const OnnxOperator &known : operators) {
        names += std::string(names.empty() ? "" : ", ") + known.op_type;
    }
    return names;
}

}  // namespace convoy
