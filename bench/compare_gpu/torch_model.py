"""An ONNX file as a PyTorch module: the operators of bench/layers and of the papers' networks."""

import onnx
import torch
import torch.nn.functional as F
from onnx.helper import get_attribute_value

from harness.engines.converters import folded
from harness.errors import ModelError


def _window(attributes):
    """stride, padding and dilation of a convolution or pool; PyTorch pads both sides alike."""
    pads = attributes.get("pads", [0] * 4)
    if pads[:2] != pads[2:] or attributes.get("auto_pad", b"NOTSET") != b"NOTSET" or attributes.get("ceil_mode"):
        raise ModelError(f"a PyTorch module: window {attributes}, expected equal pads on both sides")
    return attributes.get("strides", [1, 1]), pads[:2], attributes.get("dilations", [1, 1])


def _conv(attributes, x, weights, bias=None):
    return F.conv2d(x, weights, bias, *_window(attributes), attributes.get("group", 1))


def _conv_relu(attributes, x, weights, bias=None):
    """cuDNN's own fusion."""
    return torch.cudnn_convolution_relu(x, weights, bias, *_window(attributes), attributes.get("group", 1))


def _max_pool(attributes, x):
    return F.max_pool2d(x, attributes["kernel_shape"], *_window(attributes))


def _gemm(attributes, x, weights, bias):
    if attributes.get("transA") or {attributes.get("alpha", 1.0), attributes.get("beta", 1.0)} != {1.0}:
        raise ModelError(f"a PyTorch module: Gemm with {attributes}, expected a fully connected layer")
    return F.linear(x, weights if attributes.get("transB") else weights.t(), bias)


def _batch_norm(attributes, x, scale, shift, mean, variance):
    return F.batch_norm(x, mean, variance, scale, shift, eps=attributes.get("epsilon", 1e-5))


OPERATORS = {
    "Conv": _conv,
    "ConvRelu": _conv_relu,
    "MaxPool": _max_pool,
    "Gemm": _gemm,
    "BatchNormalization": _batch_norm,
    "Relu": lambda attributes, x: F.relu(x),
    "Clip": lambda attributes, x, low, high: torch.clamp(x, float(low), float(high)),
    "Add": lambda attributes, x, y: x + y,
    "GlobalAveragePool": lambda attributes, x: x.mean((2, 3), keepdim=True),
    "Flatten": lambda attributes, x: torch.flatten(x, attributes.get("axis", 1)),
}


def fuse_relu(nodes):
    """Makes each Conv with a bias that only a Relu reads one ConvRelu; nodes are (operator, attributes, inputs, output)."""
    readers = {}
    for operator, _, inputs, output in nodes:
        for name in inputs:
            readers.setdefault(name, []).append((operator, output))
    made, gone = [], set()
    for operator, attributes, inputs, output in nodes:
        following = readers.get(output, [])
        if operator == "Conv" and len(inputs) == 3 and [reader for reader, _ in following] == ["Relu"]:
            operator, output = "ConvRelu", following[0][1]
            gone.add(output)
        elif output in gone:
            continue
        made.append((operator, attributes, inputs, output))
    return made


class OnnxModule(torch.nn.Module):
    """Runs the nodes of a graph with one input and one output, in their order."""

    def __init__(self, file, fused=False):
        super().__init__()
        graph = folded(file).graph
        constants = {tensor.name: onnx.numpy_helper.to_array(tensor) for tensor in graph.initializer}
        inputs = [entry.name for entry in graph.input if entry.name not in constants]
        if len(inputs) != 1 or len(graph.output) != 1:
            raise ModelError(f"a PyTorch module: {file} has {len(inputs)} inputs and {len(graph.output)} outputs, "
                             "expected one of each")
        self.nodes = []
        for node in graph.node:
            if node.op_type not in OPERATORS:
                raise ModelError(f"a PyTorch module: operator {node.op_type}, expected one of {', '.join(OPERATORS)}")
            attributes = {entry.name: get_attribute_value(entry) for entry in node.attribute}
            self.nodes.append((node.op_type, attributes, list(node.input), node.output[0]))
        if fused:
            self.nodes = fuse_relu(self.nodes)
        self.numbers = {name: float(array) for name, array in constants.items() if array.ndim == 0}
        self.places = {name: f"constant{index}" for index, name in enumerate(constants) if name not in self.numbers}
        for name, place in self.places.items():
            self.register_buffer(place, torch.from_numpy(constants[name].copy()))
        self.input, self.output = inputs[0], graph.output[0].name

    def forward(self, x):
        values = {self.input: x, **self.numbers}
        for name, place in self.places.items():
            values[name] = getattr(self, place)
        for operator, attributes, inputs, output in self.nodes:
            values[output] = OPERATORS[operator](attributes, *(values[name] for name in inputs))
        return values[self.output]
