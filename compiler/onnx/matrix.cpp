// Products of matrices.

#include "compiler/broadcast.h"
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

// Whether the constant C of a Gemm is another for each row of the result, or is wrong.
bool is_per_row(const OnnxNode &node, int oc) {
    const OnnxTensor &bias = node.floats(2, "C");
    const size_t count = bias.floats->size(), rank = bias.dims.size();
    const bool is_row = rank == 1 || (rank == 2 && bias.dims[0] == 1);
    const bool is_scalar = count == 1 && rank <= 2;
    return !is_scalar && !(is_row && int64_t(count) == oc);
}

// (oc), scaled by beta, from a constant of (), (1), (N) or (1, N).
Constant read_bias(const OnnxNode &node, int oc, float beta) {
    const std::vector<float> &bias = *node.floats(2, "C").floats;
    std::vector<float> values(oc);
    for (int i = 0; i < oc; ++i) values[i] = beta * bias[bias.size() == 1 ? 0 : i];
    return std::make_shared<const std::vector<float>>(std::move(values));
}

// What a FullyConnected can do: an activation of rank 2 times a constant one.
bool is_fully_connected(const OnnxNode &node) {
    if (!node.has_input(0) || !node.has_input(1) || node.is_constant(0) || !node.is_constant(1))
        return false;
    return node.dims(node.activation(0, "A")).size() == 2 && node.floats(1, "B").dims.size() == 2;
}

void output_fully_connected(OnnxNode &node, bool is_transposed, float alpha, Constant bias) {
    const ValueId input = node.activation(0, "A");
    const auto dims = node.dims(input);
    const OnnxTensor &matrix = node.floats(1, "B");
    if (element_count(matrix.dims) == 0 || matrix.dims[is_transposed ? 1 : 0] != dims[1]) {
        node.fail("B is " + dims_text(matrix.dims) + (is_transposed ? " transposed" : "") +
                  ", expected " + std::to_string(dims[1]) + " rows to multiply A " +
                  dims_text(dims));
    }
    FullyConnected fc;
    fc.mb = int(dims[0]);
    fc.ic = int(dims[1]);
    fc.oc = int(matrix.dims[is_transposed ? 0 : 1]);
    fc.weights = read_matrix(matrix, is_transposed, alpha);
    fc.bias = bias ? bias : std::make_shared<const std::vector<float>>(fc.oc, 0.0f);
    node.output(fc, {input}, {fc.mb, fc.oc});
}

// A product of any operands, as an intermediate value. A vector is a row on the left and a column
// on the right.
ValueId product(OnnxNode &node, bool is_a_transposed, bool is_b_transposed) {
    ValueId a = node.operand(0, "A"), b = node.operand(1, "B");
    const auto given_a = node.dims(a), given_b = node.dims(b);
    const auto fail = [&](const char *expected) {
        node.fail("A is " + dims_text(given_a) + ", B is " + dims_text(given_b) + ", expected " +
                  expected);
    };
    if (given_a.empty() || given_b.empty()) fail("rank 1 or more");
    a = with_rank(node, a, 2);
    if (given_b.size() == 1) b = node.intermediate(Reshape{}, {b}, {given_b[0], 1});
    const size_t rank = std::max(node.dims(a).size(), node.dims(b).size());
    a = with_rank(node, a, rank), b = with_rank(node, b, rank);
    auto a_dims = node.dims(a), b_dims = node.dims(b);
    if (is_a_transposed) std::swap(a_dims[rank - 1], a_dims[rank - 2]);
    if (is_b_transposed) std::swap(b_dims[rank - 1], b_dims[rank - 2]);
    if (a_dims[rank - 1] != b_dims[rank - 2]) fail("as many columns of A as rows of B");
    const int64_t m = a_dims[rank - 2], n = b_dims[rank - 1];
    a_dims.resize(rank - 2), b_dims.resize(rank - 2);
    auto dims = broadcast_dims(a_dims, b_dims);
    if (!dims) fail("batches that are equal or 1");
    if (collapse(*dims, {a_dims, b_dims}).output.size() > 2)
        fail("at most 2 changes between repeated and own batches");
    dims->insert(dims->end(), {m, n});
    ValueId result = node.intermediate(MatMul{is_a_transposed, is_b_transposed}, {a, b}, *dims);
    if (given_b.size() == 1) dims->erase(dims->end() - 1);
    if (given_a.size() == 1) dims->erase(dims->end() - (given_b.size() == 1 ? 1 : 2));
    if (*dims != node.dims(result)) result = node.intermediate(Reshape{}, {result}, *dims);
    return result;
}

}  // namespace

void import_gemm(OnnxNode &node) {
    const bool is_a_transposed = node.attribute_int("transA", 0) != 0;
    const bool is_b_transposed = node.attribute_int("transB", 0) != 0;
    const float alpha = node.attribute_float("alpha", 1), beta = node.attribute_float("beta", 1);
    const bool has_bias = node.has_input(2) && beta != 0;
    if (!is_a_transposed && is_fully_connected(node) && (!has_bias || node.is_constant(2))) {
        const int oc = int(node.floats(1, "B").dims[is_b_transposed ? 0 : 1]);
        if (!has_bias || !is_per_row(node, oc)) {
            const Constant bias = has_bias ? read_bias(node, oc, beta) : nullptr;
            return output_fully_connected(node, is_b_transposed, alpha, bias);
        }
    }
    const ValueId result = scaled(node, product(node, is_a_transposed, is_b_transposed), alpha);
    const auto dims = node.dims(result);
    node.expect_rank("A times B", dims, 2);
    if (!has_bias) return node.output(result);
    const ValueId bias = scaled(node, node.operand(2, "C"), beta);
    if (broadcast_dims(node.dims(bias), dims) != dims)
        node.fail("C is " + dims_text(node.dims(bias)) + ", expected dims that are broadcast to " +
                  dims_text(dims));
    node.output(combined(node, Combine::add, result, bias));
}

void import_matmul(OnnxNode &node) {
    if (is_fully_connected(node)) return output_fully_connected(node, false, 1, nullptr);
    node.output(product(node, false, false));
}

}  // namespace convoy
