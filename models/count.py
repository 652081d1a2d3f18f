"""Parameters and operations of a network, counted from its ONNX graph alone."""

import math
from dataclasses import dataclass

import onnx


@dataclass(frozen=True)
class Node:
    """One node with what the counts need: dimensions of its tensors, nothing of their values."""

    name: str
    op_type: str
    attributes: dict
    input_dims: tuple[tuple[int, ...], ...]
    output_dims: tuple[int, ...]

    @property
    def macs(self) -> int:
        """Multiply-accumulates: mb * oc * oh * ow * (ic / groups) * kh * kw, and mb * oc * ic for Gemm and MatMul."""
        if self.op_type == "Conv":
            return math.prod(self.output_dims) * math.prod(self.input_dims[1][1:])
        if self.op_type == "Gemm":
            reduced = self.input_dims[1][1 if self.attributes.get("transB", 0) else 0]
            return math.prod(self.output_dims) * reduced
        if self.op_type == "MatMul":
            return math.prod(self.output_dims) * self.input_dims[0][-1]
        return 0

    @property
    def weights(self) -> int:
        """Elements of the weights of Conv, Gemm and MatMul, and of scale and bias of batch norm (not its statistics)."""
        if self.op_type in ("Conv", "Gemm", "MatMul"):
            return math.prod(self.input_dims[1])
        if self.op_type == "BatchNormalization":
            return math.prod(self.input_dims[1]) + math.prod(self.input_dims[2])
        return 0

    @property
    def biases(self) -> int:
        """Elements of the bias of Conv and Gemm."""
        if self.op_type in ("Conv", "Gemm") and len(self.input_dims) > 2:
            return math.prod(self.input_dims[2])
        return 0


@dataclass(frozen=True)
class Counts:
    conv_weights: int
    gemm_weights: int
    biases: int
    batch_norm: int
    conv_macs: int
    gemm_macs: int

    @property
    def params(self) -> int:
        """All that is trained, batch norm and biases included."""
        return self.params_without_batch_norm_and_biases + self.biases + self.batch_norm

    @property
    def params_without_batch_norm_and_biases(self) -> int:
        return self.conv_weights + self.gemm_weights

    @property
    def macs(self) -> int:
        """The multiply-accumulates of the convolutions and of the matrix products."""
        return self.conv_macs + self.gemm_macs


def nodes(model: onnx.ModelProto) -> list[Node]:
    """The nodes of a model in which every value has a static shape; KeyError for one that has none."""
    dims = {tensor.name: tuple(tensor.dims) for tensor in model.graph.initializer}
    for value in (*model.graph.input, *model.graph.value_info, *model.graph.output):
        shape = value.type.tensor_type.shape.dim
        if all(dim.HasField("dim_value") for dim in shape):
            dims[value.name] = tuple(dim.dim_value for dim in shape)
    return [
        Node(
            name=node.name,
            op_type=node.op_type,
            attributes={a.name: onnx.helper.get_attribute_value(a) for a in node.attribute},
            input_dims=tuple(dims[name] for name in node.input if name),
            output_dims=dims[node.output[0]],
        )
        for node in model.graph.node
    ]


def count(model: onnx.ModelProto) -> Counts:
    """The counts of a model in which every value has a static shape."""
    all_nodes = nodes(model)
    conv = [node for node in all_nodes if node.op_type == "Conv"]
    gemm = [node for node in all_nodes if node.op_type in ("Gemm", "MatMul")]
    batch_norm = [node for node in all_nodes if node.op_type == "BatchNormalization"]
    return Counts(
        conv_weights=sum(node.weights for node in conv),
        gemm_weights=sum(node.weights for node in gemm),
        biases=sum(node.biases for node in (*conv, *gemm)),
        batch_norm=sum(node.weights for node in batch_norm),
        conv_macs=sum(node.macs for node in conv),
        gemm_macs=sum(node.macs for node in gemm),
    )
