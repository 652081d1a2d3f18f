#pragma once

#include <vector>

#include "compiler/onnx/node.h"

namespace convoy {

// One ONNX operator that can be imported. Attributes are those of every opset the operator's
// meaning has not changed in; inputs and outputs count optional ones.
struct OnnxOperator {
    const char *op_type;
    void (*import)(OnnxNode &node);
    int min_inputs, max_inputs;
    std::vector<const char *> attributes;
    int max_outputs = 1;     // those after the first must not be read
    bool has_parts = false;  // any number of outputs, and all may be read
};

// Null when there is no such operator.
const OnnxOperator *find_operator(const std::string &op_type);

// "Add, AveragePool, ..."
std::string supported_operators();

// conv.cpp
void import_conv(OnnxNode &node);
// pool.cpp
void import_global_max_pool(OnnxNode &node);
void import_max_pool(OnnxNode &node);
void import_average_pool(OnnxNode &node);
void import_global_average_pool(OnnxNode &node);
// elementwise.cpp
void import_binary(OnnxNode &node);
void import_variadic(OnnxNode &node);
void import_batch_normalization(OnnxNode &node);
void import_dropout(OnnxNode &node);
void import_identity(OnnxNode &node);
// unary.cpp
void import_unary(OnnxNode &node);
void import_clip(OnnxNode &node);
void import_selu(OnnxNode &node);
void import_celu(OnnxNode &node);
void import_gelu(OnnxNode &node);
void import_swish(OnnxNode &node);
// reduction.cpp
void import_reduce(OnnxNode &node);
void import_reduce_log_sum_exp(OnnxNode &node);
void import_layer_normalization(OnnxNode &node);
void import_instance_normalization(OnnxNode &node);
void import_group_normalization(OnnxNode &node);
void import_softmax(OnnxNode &node);
// matrix.cpp
void import_gemm(OnnxNode &node);
void import_matmul(OnnxNode &node);
// fold_constants.cpp
[[noreturn]] void import_constants_only(OnnxNode &node);
// movement.cpp
void import_depth_to_space(OnnxNode &node);
void import_expand(OnnxNode &node);
void import_gather(OnnxNode &node);
void import_slice(OnnxNode &node);
void import_space_to_depth(OnnxNode &node);
void import_split(OnnxNode &node);
void import_tile(OnnxNode &node);
void import_transpose(OnnxNode &node);
// pad.cpp
void import_pad(OnnxNode &node);
// resize.cpp
void import_resize(OnnxNode &node);
void import_upsample(OnnxNode &node);
// shape.cpp
void import_cast(OnnxNode &node);
void import_concat(OnnxNode &node);
void import_constant(OnnxNode &node);
void import_flatten(OnnxNode &node);
void import_reshape(OnnxNode &node);
void import_squeeze(OnnxNode &node);
void import_unsqueeze(OnnxNode &node);

// Pieces of which several operators are made (elementwise.cpp); results are intermediate values.
// The value with ones before its dims.
ValueId with_rank(OnnxNode &node, ValueId value, size_t rank);
ValueId scaled(OnnxNode &node, ValueId value, float factor);
// Broadcast as ONNX does; fails where the dims do not meet.
ValueId combined(OnnxNode &node, Combine combine, ValueId a, ValueId b);

}  // namespace convoy
