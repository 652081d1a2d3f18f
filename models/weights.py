"""Random weights that keep the activations of a network of any depth at a moderate size.

Convolutions take He's initialisation (He et al., "Delving Deep into Rectifiers", section 2.2) in its
uniform form, with filters of zero mean, so that the mean that a ReLU leaves does not grow into a constant
that hides the input. Batch norm takes the statistics that the values before it are expected to have, which
are carried along the graph, and varies them at random.

A tensor's values depend on the seed and its name only. They come from uniform MT19937 numbers, a stream
that NumPy keeps the same for ever.
"""

import math
import zlib
from typing import NamedTuple

import numpy as np
import onnx


class Moments(NamedTuple):
    """Mean and variance of a value over all its elements."""

    mean: float
    variance: float


def fill(model: onnx.ModelProto, seed: int) -> None:
    """Gives every initialiser that has no values its values."""
    tensors = {tensor.name: tensor for tensor in model.graph.initializer}
    moments = {model.graph.input[0].name: Moments(0.0, 1.0)}
    branch_ends = _branch_ends(model.graph)
    for node in model.graph.node:
        inputs = [moments[name] for name in node.input if name in moments]
        parameters = [tensors[name] for name in node.input if name in tensors]
        moments[node.output[0]] = _FILLERS[node.op_type](inputs, parameters, seed)
        if node.output[0] in branch_ends:
            moments[node.output[0]] = _shrink(parameters[0], moments[node.output[0]])


def _branch_ends(graph: onnx.GraphProto) -> set[str]:
    """Outputs of the convolutions that end a residual branch; a shortcut's projection is not one."""
    added = {name for node in graph.node if node.op_type == "Add" for name in node.input}
    return {node.output[0] for node in graph.node
            if node.op_type == "Conv" and node.output[0] in added and "shortcut" not in node.name}


def _shrink(weight: onnx.TensorProto, moments: Moments) -> Moments:
    """Quarters a residual branch, as trained ones are small beside what they are added to.

    At full size each block amplifies rounding errors by a third, and a deep network's outputs differ by
    more than 1e-4 between any two orders of summation.
    """
    values = np.frombuffer(weight.raw_data, "<f4")
    weight.raw_data = (0.25 * values).astype("<f4").tobytes()
    return Moments(0.25 * moments.mean, 0.0625 * moments.variance)


def _conv(inputs: list[Moments], parameters: list[onnx.TensorProto], seed: int) -> Moments:
    (weight,) = parameters
    fan_in = math.prod(weight.dims[1:])
    filters = _uniform(weight, seed, -1.0, 1.0).reshape(weight.dims[0], fan_in)
    filters -= filters.mean(axis=1, keepdims=True)
    variance = 2.0 / fan_in
    _set(weight, filters * math.sqrt(3.0 * variance * fan_in / (fan_in - 1)))
    return Moments(0.0, fan_in * variance * inputs[0].variance)


def _batch_norm(inputs: list[Moments], parameters: list[onnx.TensorProto], seed: int) -> Moments:
    scale, bias, mean, variance = parameters
    expected_mean, expected_variance = (float(f"{moment:.4g}") for moment in inputs[0])
    deviation = math.sqrt(expected_variance)
    _set(scale, _uniform(scale, seed, 0.75, 1.25))
    _set(bias, _uniform(bias, seed, -0.25, 0.25))
    _set(mean, expected_mean + deviation * _uniform(mean, seed, -0.25, 0.25))
    _set(variance, expected_variance * _uniform(variance, seed, 0.75, 1.25))
    return Moments(0.0, 1.0)


def _gemm(inputs: list[Moments], parameters: list[onnx.TensorProto], seed: int) -> Moments:
    weight, bias = parameters
    bound = math.sqrt(3.0 / weight.dims[1])
    _set(weight, _uniform(weight, seed, -bound, bound))
    _set(bias, _uniform(bias, seed, -0.1, 0.1))
    return inputs[0]


def _relu(inputs: list[Moments], parameters: list[onnx.TensorProto], seed: int) -> Moments:
    """The moments of a rectified normal variable; ReLU6's upper bound is far enough away to be left out."""
    mean, variance = inputs[0]
    deviation = math.sqrt(variance)
    density = math.exp(-0.5 * mean * mean / variance) / math.sqrt(2.0 * math.pi)
    positive = 0.5 * (1.0 + math.erf(mean / deviation / math.sqrt(2.0)))
    rectified = mean * positive + deviation * density
    square = (mean * mean + variance) * positive + mean * deviation * density
    return Moments(rectified, square - rectified * rectified)


def _add(inputs: list[Moments], parameters: list[onnx.TensorProto], seed: int) -> Moments:
    return Moments(sum(m.mean for m in inputs), sum(m.variance for m in inputs))


def _max_pool(inputs: list[Moments], parameters: list[onnx.TensorProto], seed: int) -> Moments:
    """The moments of the largest of nine normal variables whose rectified ones come in."""
    variance = 2.0 * (inputs[0].mean ** 2 + inputs[0].variance)
    return Moments(1.485 * math.sqrt(variance), 0.357 * variance)


def _same(inputs: list[Moments], parameters: list[onnx.TensorProto], seed: int) -> Moments:
    return inputs[0]


_FILLERS = {
    "Add": _add,
    "BatchNormalization": _batch_norm,
    "Clip": _relu,
    "Conv": _conv,
    "Flatten": _same,
    "Gemm": _gemm,
    "GlobalAveragePool": _same,
    "MaxPool": _max_pool,
    "Relu": _relu,
}


def _uniform(tensor: onnx.TensorProto, seed: int, low: float, high: float) -> np.ndarray:
    stream = np.random.RandomState([seed, zlib.crc32(tensor.name.encode())])
    return stream.uniform(low, high, size=tuple(tensor.dims))


def _set(tensor: onnx.TensorProto, values: np.ndarray) -> None:
    tensor.raw_data = values.astype("<f4").tobytes()
