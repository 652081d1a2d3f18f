#include "compiler/onnx/operators.h"

#include <climits>

namespace convoy {

namespace {

const std::vector<OnnxOperator> operators = {
    {"Abs", import_unary, 1, 1, {}},
    {"Add", import_binary, 2, 2, {}},
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
    {"Ceil", import_unary, 1, 1, {}},
    {"Celu", import_celu, 1, 1, {"alpha"}},
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
    {"Div", import_binary, 2, 2, {}},
    {"Dropout", import_dropout, 1, 3, {"ratio", "seed"}, 2},
    {"Elu", import_unary, 1, 1, {"alpha"}},
    {"Erf", import_unary, 1, 1, {}},
    {"Exp", import_unary, 1, 1, {}},
    {"Flatten", import_flatten, 1, 1, {"axis"}},
    {"Floor", import_unary, 1, 1, {}},
    {"Gelu", import_gelu, 1, 1, {"approximate"}},
    {"Gemm", import_gemm, 2, 3, {"alpha", "beta", "transA", "transB"}},
    {"GlobalAveragePool", import_global_average_pool, 1, 1, {}},
    {"GroupNormalization",
     import_group_normalization,
     3,
     3,
     {"epsilon", "num_groups", "stash_type"}},
    {"HardSigmoid", import_unary, 1, 1, {"alpha", "beta"}},
    {"HardSwish", import_unary, 1, 1, {}},
    {"Identity", import_identity, 1, 1, {}},
    {"InstanceNormalization", import_instance_normalization, 3, 3, {"epsilon"}},
    {"LayerNormalization", import_layer_normalization, 2, 3, {"axis", "epsilon", "stash_type"}, 3},
    {"LeakyRelu", import_unary, 1, 1, {"alpha"}},
    {"Log", import_unary, 1, 1, {}},
    {"LogSoftmax", import_softmax, 1, 1, {"axis"}},
    {"MatMul", import_matmul, 2, 2, {}},
    {"Max", import_variadic, 1, INT_MAX, {}},
    {"MaxPool",
     import_max_pool,
     1,
     1,
     {"auto_pad", "ceil_mode", "dilations", "kernel_shape", "pads", "storage_order", "strides"},
     2},
    {"Mean", import_variadic, 1, INT_MAX, {}},
    {"Min", import_variadic, 1, INT_MAX, {}},
    {"Mish", import_unary, 1, 1, {}},
    {"Mul", import_binary, 2, 2, {}},
    {"Neg", import_unary, 1, 1, {}},
    {"PRelu", import_binary, 2, 2, {}},
    {"Pow", import_binary, 2, 2, {}},
    {"Reciprocal", import_unary, 1, 1, {}},
    {"ReduceL1", import_reduce, 1, 2, {"axes", "keepdims", "noop_with_empty_axes"}},
    {"ReduceL2", import_reduce, 1, 2, {"axes", "keepdims", "noop_with_empty_axes"}},
    {"ReduceLogSum", import_reduce, 1, 2, {"axes", "keepdims", "noop_with_empty_axes"}},
    {"ReduceLogSumExp",
     import_reduce_log_sum_exp,
     1,
     2,
     {"axes", "keepdims", "noop_with_empty_axes"}},
    {"ReduceMax", import_reduce, 1, 2, {"axes", "keepdims", "noop_with_empty_axes"}},
    {"ReduceMean", import_reduce, 1, 2, {"axes", "keepdims", "noop_with_empty_axes"}},
    {"ReduceMin", import_reduce, 1, 2, {"axes", "keepdims", "noop_with_empty_axes"}},
    {"ReduceProd", import_reduce, 1, 2, {"axes", "keepdims", "noop_with_empty_axes"}},
    {"ReduceSum", import_reduce, 1, 2, {"axes", "keepdims", "noop_with_empty_axes"}},
    {"ReduceSumSquare", import_reduce, 1, 2, {"axes", "keepdims", "noop_with_empty_axes"}},
    {"Relu", import_unary, 1, 1, {}},
    {"Reshape", import_reshape, 2, 2, {"allowzero"}},
    {"Round", import_unary, 1, 1, {}},
    {"Selu", import_selu, 1, 1, {"alpha", "gamma"}},
    {"Sigmoid", import_unary, 1, 1, {}},
    {"Sign", import_unary, 1, 1, {}},
    {"Softmax", import_softmax, 1, 1, {"axis"}},
    {"Softplus", import_unary, 1, 1, {}},
    {"Softsign", import_unary, 1, 1, {}},
    {"Sqrt", import_unary, 1, 1, {}},
    {"Sub", import_binary, 2, 2, {}},
    {"Sum", import_variadic, 1, INT_MAX, {}},
    {"Swish", import_swish, 1, 1, {"alpha"}},
    {"Tanh", import_unary, 1, 1, {}},
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
