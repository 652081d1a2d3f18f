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
    int max_outputs = 1;  // those after the first must not be read
};

// Null when there is no such operator.
const OnnxOperator *find_operator(const std::string &op_type);

// "Add, AveragePool, ..."
std::string supported_operators();

// onnx_window.cpp
void import_conv(OnnxNode &node);
void import_max_pool(OnnxNode &node);
void import_average_pool(OnnxNode &node);
void import_global_average_pool(OnnxNode &node);
// onnx_elementwise.cpp
void import_add(OnnxNode &node);
void import_batch_normalization(OnnxNode &node);
void import_clip(OnnxNode &node);
void import_dropout(OnnxNode &node);
void import_identity(OnnxNode &node);
void import_relu(OnnxNode &node);
// onnx_matrix.cpp
void import_gemm(OnnxNode &node);
void import_matmul(OnnxNode &node);
// onnx_shape.cpp
void import_concat(OnnxNode &node);
void import_constant(OnnxNode &node);
void import_flatten(OnnxNode &node);
void import_reshape(OnnxNode &node);
void import_softmax(OnnxNode &node);

}  // namespace convoy
