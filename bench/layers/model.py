"""A layer, or a chain of equal ones, as an ONNX file: convolution, bias, ReLU."""

import math

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

SEED = 20260
OPSET = 17


def chain(layer):
    """The model of `layer.chain` equal layers with random weights that keep the activations' size."""
    source = np.random.default_rng(SEED)
    taps = layer.channels_per_group * layer.kh * layer.kw
    attributes = {"group": layer.g, "kernel_shape": [layer.kh, layer.kw], "strides": [layer.sh, layer.sw],
                  "dilations": [layer.dh, layer.dw], "pads": [layer.ph, layer.pw] * 2}
    nodes, weights, value = [], [], "input"
    for index in range(layer.chain):
        name = f"conv{index}"
        shape = (layer.oc, layer.channels_per_group, layer.kh, layer.kw)
        kernel = source.standard_normal(shape, np.float32) * np.float32(math.sqrt(2 / taps))
        bias = source.standard_normal(layer.oc, np.float32) * np.float32(0.1)
        weights += [numpy_helper.from_array(kernel, f"{name}.weight"), numpy_helper.from_array(bias, f"{name}.bias")]
        result = "output" if index + 1 == layer.chain else f"relu{index}"
        nodes += [helper.make_node("Conv", [value, f"{name}.weight", f"{name}.bias"], [name], name, **attributes),
                  helper.make_node("Relu", [name], [result], f"relu{index}")]
        value = result
    sides = [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in
             (("input", [layer.mb, layer.ic, layer.ih, layer.iw]), ("output", [layer.mb, layer.oc, layer.oh, layer.ow]))]
    graph = helper.make_graph(nodes, layer.text, sides[:1], sides[1:], weights)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=8)


def write(layer, directory):
    """Writes the model into `directory`; the file's path."""
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / f"{layer.text}.onnx"
    onnx.save(chain(layer), path)
    return path
