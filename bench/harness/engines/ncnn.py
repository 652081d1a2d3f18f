"""ncnn, on models that are a chain of convolutions."""

import tempfile
from pathlib import Path

import numpy as np

from harness.engines.base import Engine
from harness.errors import ModelError

MAGIC = 7767517
FLOAT32 = np.uint32(0).tobytes()  # the tag before weights that are stored as they are
RELU = 1


def _attributes(node):
    from onnx.helper import get_attribute_value
    return {attribute.name: get_attribute_value(attribute) for attribute in node.attribute}


def _layer(index, node, following, weights):
    """(the .param line, the .bin bytes) of a Conv and the Relu that may follow it."""
    kernel, bias = weights[node.input[1]], weights[node.input[2]]
    found = _attributes(node)
    groups, pads = found.get("group", 1), found.get("pads", [0] * 4)
    strides, dilations = found.get("strides", [1, 1]), found.get("dilations", [1, 1])
    values = {0: kernel.shape[0], 1: kernel.shape[3], 11: kernel.shape[2], 2: dilations[1], 12: dilations[0],
              3: strides[1], 13: strides[0], 4: pads[1], 14: pads[0], 15: pads[3], 16: pads[2],
              5: 1, 6: kernel.size}
    if groups > 1:
        values[7] = groups
    if following is not None and following.op_type == "Relu":
        values[9] = RELU
    kind = "ConvolutionDepthWise" if groups > 1 else "Convolution"
    fields = " ".join(f"{key}={value}" for key, value in values.items())
    return (f"{kind} layer{index} 1 1 blob{index} blob{index + 1} {fields}",
            FLOAT32 + kernel.tobytes() + bias.tobytes())


def convert(model):
    """(.param text, .bin bytes, layers) of an ONNX file whose nodes are Conv with a bias and Relu, one after the other.

    The format is that of ncnn's wiki, "param and model file structure".
    """
    import onnx
    graph = onnx.load(model).graph
    weights = {tensor.name: onnx.numpy_helper.to_array(tensor) for tensor in graph.initializer}
    for node in graph.node:
        if node.op_type not in ("Conv", "Relu"):
            raise ModelError(f"ncnn: operator {node.op_type}, expected a chain of Conv and Relu")
    following = dict(zip(range(len(graph.node)), [*graph.node[1:], None]))
    convolutions = [(node, following[index]) for index, node in enumerate(graph.node) if node.op_type == "Conv"]
    made = [_layer(index, node, after, weights) for index, (node, after) in enumerate(convolutions)]
    lines = [str(MAGIC), f"{len(made) + 1} {len(made) + 1}", "Input input 0 1 blob0", *(line for line, _ in made)]
    return "\n".join(lines) + "\n", b"".join(data for _, data in made), len(made)


def new_net(threads, winograd):
    """An empty net in f32 on N threads."""
    import ncnn
    net = ncnn.Net()
    net.opt.num_threads = threads
    net.opt.use_vulkan_compute = False
    net.opt.use_winograd_convolution = winograd
    for name in ("fp16_packed", "fp16_storage", "fp16_arithmetic", "bf16_packed", "bf16_storage"):
        setattr(net.opt, f"use_{name}", False)
    return net


def read_into(net, param, weights):
    """Loads the two files into a net."""
    for load, file in ((net.load_param, param), (net.load_model, weights)):
        if load(str(file)):
            raise ModelError(f"ncnn: refused {file.name}")


class Ncnn(Engine):
    """f32 storage and arithmetic, packed layouts and (with `winograd`) Winograd as ncnn chooses, N threads.

    The input is an ncnn::Mat of its own memory; an extractor is made for every run, as ncnn asks for.
    """

    name = "ncnn"

    def __init__(self, winograd=True):
        self.winograd = winograd
        self.setting = f"f32, packed layouts, Winograd {'where ncnn chooses it' if winograd else 'off'}"

    def load(self, model, threads):
        self._net = new_net(threads, self.winograd)
        text, data, layers = convert(model)
        with tempfile.TemporaryDirectory() as folder:
            files = [Path(folder) / name for name in ("model.param", "model.bin")]
            files[0].write_text(text)
            files[1].write_bytes(data)
            read_into(self._net, *files)
        self._last = f"blob{layers}"

    def bind(self, inputs):
        import ncnn
        if len(inputs) != 1 or inputs[0].shape[0] != 1:
            raise ModelError(f"ncnn: inputs {[array.shape for array in inputs]}, expected one image")
        mat, net, last = ncnn.Mat(inputs[0][0]).clone(), self._net, self._last

        def run():
            extractor = net.create_extractor()
            extractor.input("blob0", mat)
            self._output = extractor.extract(last)[1]
        self.run = run

    def outputs(self):
        return [np.array(self._output)[None]]
