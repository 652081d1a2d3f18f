// Products of an activation and a constant matrix.

#include "compiler/onnx/operators.h"

namespace convoy {

namespace {

// (oc, ic), scaled by alpha, from a constant of (oc, ic) or, where it is not transposed, (ic, oc).
Constant read_matrix(const OnnxTensor &matrix, bool is_transposed, float alpha) {
    if (is_transposed && alpha == 1.0f) return matrix.floats;
    const int64_t oc = matrix.dims[is_transposed ? 0 : 1], ic = matrix.dims[is_transposed ? 1 : 0];
    const int64_t oc_stride = is_transposed ? ic : 1, ic_stride = is_transposed ? 1 : oc;
    std::vector<float> weights(matrix.floats->size());
    for (int64_t o = 0; o < oc; ++o) {
        for (int64_t i = 0; i < ic; ++i) {
            weights[o * ic + i] = alpha * (*matrix.floats)[o * oc_stride + i * ic_stride];
        }
    }
    return std::make_shared<const std::vector<float>>(std::move(weights));
}

// (oc), scaled by beta, from a constant of (), (1), (N) or (1, N).
Constant read_bias(const OnnxNode &node, int oc, float beta) {
    const OnnxTensor &bias = node.floats(2, "C");
    const size_t count = bias.floats->size(), rank = bias.dims.size();
    const bool is_row = rank == 1 || (rank == 2 && bias.dims[0] == 1);
    const bool is_scalar = count == 1 && rank <= 2;
    if (!is_scalar && !(is_row && int64_t(count) == oc)) {
        node.fail("C is " + dims_text(bias.dims) + ", expected one element, (" +
                  std::to_string(oc) + ") or (1, " + std::to_string(oc) + ")");
    }
    std::vector<float> values(oc);
    for (int i = 0; i < oc; ++i) values[i] = beta * (*bias.floats)[is_scalar ? 0 : i];
    return std::make_shared<const std::vector<float>>(std::move(values));
}

struct Operands {
    ValueId input;
    const OnnxTensor &matrix;
};

Operands read_operands(const OnnxNode &node, bool is_transposed) {
    const ValueId input = node.activation(0, "A");
    const auto dims = node.dims(input);
    node.expect_rank("A", dims, 2);
    const OnnxTensor &matrix = node.floats(1, "B");
    node.expect_rank("B", matrix.dims, 2);
    if (element_count(matrix.dims) == 0 || matrix.dims[is_transposed ? 1 : 0] != dims[1]) {
        node.fail("B is " + dims_text(matrix.dims) + (is_transposed ? " transposed" : "") +
                  ", expected " + std::to_string(dims[1]) + " rows to multiply A " +
                  dims_text(dims));
    }
    return {input, matrix};
}

void output_product(OnnxNode &node, const Operands &operands, bool is_transposed, float alpha,
                    Constant bias) {
    const auto dims = node.dims(operands.input);
    FullyConnected fc;
    fc.mb = int(dims[0]);
    fc.ic = int(dims[1]);
    fc.oc = int(operands.matrix.dims[is_transposed ? 0 : 1]);
    fc.weights = read_matrix(operands.matrix, is_transposed, alpha);
    fc.bias = bias ? bias : std::make_shared<const std::vector<float>>(fc.oc, 0.0f);
    node.output(fc, {operands.input}, {fc.mb, fc.oc});
}

}  // namespace

void import_gemm(OnnxNode &node) {
    node.expect_attribute("transA", 0);
    const bool is_transposed = node.attribute_int("transB", 0) != 0;
    const float alpha = node.attribute_float("alpha", 1), beta = node.attribute_float("beta", 1);
    const Operands operands = read_operands(node, is_transposed);
    const int oc = int(operands.matrix.dims[is_transposed ? 0 : 1]);
    output_product(node, operands, is_transposed, alpha,
                   node.has_input(2) ? read_bias(node, oc, beta) : nullptr);
}

void import_matmul(OnnxNode &node) {
    output_product(node, read_operands(node, false), false, 1, nullptr);
}

}  // namespace convoy
