"""Writes small networks with inputs and ONNX Runtime's outputs, for networks_test.

usage: make_networks.py OUT_DIR

OUT_DIR/index.json is that of tests/compiler/make_import_cases.py. Those cases are single nodes that show what an
operator means; these are networks whose layers meet in every layout, with awkward numbers of channels.
"""

import json
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "compiler"))

from make_import_cases import (Cases, batch_norm_nodes, dense_network, mobile_network, model, node,
                               residual_network, weights)


class Layers:
    """Appends nodes to a network; every method returns the name of the value it makes."""

    def __init__(self, **inputs):
        self.inputs = inputs
        self.channels = {name: dims[1] for name, dims in inputs.items() if len(dims) > 1}
        self.nodes, self.constants = [], {}

    def name(self):
        return f"v{len(self.nodes)}"

    def add(self, op, inputs, channels=None, **attributes):
        name = self.name()
        self.nodes.append(node(op, " ".join(inputs), name, **attributes))
        self.channels[name] = channels or self.channels[inputs[0]]
        return name

    def constant(self, array):
        name = f"c{len(self.constants)}"
        self.constants[name] = array
        return name

    def weights(self, *shape):
        """Random, scaled so that sums over all but the first dimension stay near 1."""
        fan_in = int(np.prod(shape[1:])) or 1
        return self.constant(weights(shape, len(self.constants)) / np.float32(np.sqrt(fan_in)))

    def conv(self, value, oc, k=3, g=1, pad=None, bias=True, **attributes):
        kh, kw = k if isinstance(k, tuple) else (k, k)
        pads = pad if isinstance(pad, list) else [(kh - 1) // 2 if pad is None else pad,
                                                  (kw - 1) // 2 if pad is None else pad] * 2
        inputs = [value, self.weights(oc, self.channels[value] // g, kh, kw)]
        if bias:
            inputs.append(self.weights(oc))
        return self.add("Conv", inputs, oc, group=g, pads=pads, **attributes)

    def relu(self, value):
        return self.add("Relu", [value])

    def clip(self, value):
        return self.add("Clip", [value, self.constant(np.float32(0)), self.constant(np.float32(6))])

    def batch_norm(self, value):
        name = self.name()
        self.nodes.append(batch_norm_nodes(name, value, name, self.channels[value], self.constants))
        self.channels[name] = self.channels[value]
        return name

    def sum(self, a, b):
        return self.add("Add", [a, b])

    def concat(self, *values, axis=1):
        channels = sum(self.channels[v] for v in values) if axis == 1 else None
        return self.add("Concat", values, channels, axis=axis)

    def gemm(self, value, ic, oc):
        return self.add("Gemm", [value, self.weights(oc, ic), self.weights(oc)], oc, transB=1)

    def head(self, value, classes):
        flat = self.add("Flatten", [self.add("GlobalAveragePool", [value])])
        return self.gemm(flat, self.channels[value], classes)

    def finish(self, *outputs):
        return model(self.nodes, self.inputs, outputs, self.constants)


def odd_channels():
    n = Layers(x=[1, 1, 13, 11])
    value = "x"
    for oc in (3, 5, 7, 17, 30, 1):
        value = n.relu(n.conv(value, oc))
    return n.finish(value)


def odd_concats():
    n = Layers(x=[2, 5, 9, 8])
    a, b, c = n.conv("x", 3), n.relu(n.conv("x", 17, 1)), n.conv("x", 8, 5)
    wide = n.concat(a, b, c, "x")
    again = n.concat(wide, n.conv(wide, 7), a)
    rows = n.concat(a, a, axis=2)
    columns = n.concat(b, n.clip(b), axis=3)
    return n.finish(n.conv(again, 6), rows, n.conv(columns, 4), n.concat(b, b, axis=0))


def pools():
    n = Layers(x=[1, 17, 15, 14])
    stem = n.relu(n.conv("x", 30))
    window = {"kernel_shape": [3, 3], "strides": [2, 2], "pads": [1, 1, 1, 1]}
    largest = n.add("MaxPool", [stem], **window)
    mean = n.add("AveragePool", [stem], **window)
    padded = n.add("AveragePool", [stem], count_include_pad=1, **window)
    uneven = n.add("MaxPool", [stem], kernel_shape=[2, 3], strides=[1, 2], pads=[1, 0, 0, 2])
    total = n.sum(n.sum(largest, mean), padded)
    return n.finish(n.conv(total, 9), n.conv(uneven, 5, 1), n.add("GlobalAveragePool", [stem]))


def softmaxes():
    n = Layers(x=[2, 6, 7, 5])
    stem = n.conv("x", 10)
    return n.finish(n.add("Softmax", [stem], axis=1), n.add("Softmax", [stem], axis=-1),
                    n.add("Softmax", [n.head(stem, 11)], axis=1))


def several_inputs_and_outputs():
    n = Layers(x=[1, 16, 8, 8], z=[1, 4, 8, 8], unchanged=[2, 3])
    a, b = n.conv("x", 16), n.conv("z", 16)
    both = n.relu(n.sum(a, b))
    copy = n.add("Identity", ["unchanged"])
    return n.finish(both, copy, n.conv(both, 3), a, n.add("Identity", [both]))


def flattened_planes(mb):
    n = Layers(x=[mb, 3, 9, 7])
    stem = n.relu(n.conv("x", 20, strides=[2, 2]))
    grouped = n.conv(stem, 20, g=4)
    hidden = n.relu(n.gemm(n.add("Flatten", [grouped]), 20 * 5 * 4, 33))
    return n.finish(n.gemm(hidden, 33, 10), hidden)


def windows():
    n = Layers(x=[1, 12, 21, 19])
    strided = n.conv("x", 18, 5, strides=[3, 2], pad=2)
    dilated = n.conv(n.relu(n.conv("x", 12, dilations=[2, 3], pad=[2, 3, 2, 3])), 8, 1)
    uneven = n.conv("x", 10, (2, 3), pad=[1, 0, 0, 2])
    row, column = n.conv("x", 9, (1, 7)), n.conv("x", 9, (7, 1))
    unpadded = n.conv(n.sum(row, column), 16, 4, g=1, pad=0, bias=False)
    wide = n.conv("x", 6, 3, pad=5)
    return n.finish(strided, dilated, uneven, unpadded, wide, n.conv("x", 24, 3, g=3, strides=[2, 3]))


def depthwise():
    n = Layers(x=[1, 3, 16, 16])
    value = n.relu(n.conv("x", 30, strides=[2, 2]))
    outputs = []
    for multiplier, k, stride in ((1, 3, 1), (2, 3, 1), (1, 5, 2), (3, 3, 1)):
        channels = n.channels[value]
        value = n.clip(n.batch_norm(n.conv(value, channels * multiplier, k, channels,
                                           strides=[stride, stride])))
        outputs.append(value)
        value = n.conv(value, 17, 1)
    return n.finish(*outputs, value)


def planes_of_one_element():
    n = Layers(x=[2, 32, 1, 1])
    value = n.relu(n.conv("x", 17, 1))
    value = n.conv(value, 32, 3)
    value = n.sum(n.conv(value, 32, 3, g=8), "x")
    value = n.conv(value, 32, 3, g=32)
    return n.finish(n.head(value, 7), value)


def grouped_chain(groups, channels, mb=1):
    """Grouped, pointwise, residual add, batch norm: the block of models/blocks.py."""
    n = Layers(x=[mb, 3, 12, 12])
    value = n.conv("x", channels)
    for stride in (1, 1, 2):
        before = n.relu(n.batch_norm(value))
        inner = n.relu(n.conv(before, channels, g=groups, strides=[stride, stride], bias=False))
        inner = n.relu(n.conv(n.conv(inner, channels, 1), channels, g=groups))
        shortcut = value if stride == 1 else n.conv(before, channels, 1, strides=[2, 2])
        value = n.sum(n.conv(inner, channels, 1), shortcut)
    return n.finish(n.head(n.relu(n.batch_norm(value)), 10))


def named_batch():
    n = Layers(x=["N", 3, 10, 10])
    value = n.relu(n.conv("x", 24))
    return n.finish(n.head(n.conv(value, 24, g=6), 10))


def separable_layers():
    """Depthwise and pointwise pairs: strides, an odd number of channels, a residual, a pair that is read twice."""
    n = Layers(x=[1, 3, 57, 45])
    value = n.relu(n.conv("x", 32))
    value = n.relu(n.conv(n.relu(n.conv(value, 32, g=32)), 64, 1))
    value = n.relu(n.conv(n.clip(n.conv(value, 64, g=64, strides=[2, 2])), 30, 1))
    value = n.sum(value, n.conv(n.relu(n.conv(value, 30, k=5, g=30)), 30, 1))
    depthwise = n.conv(value, 30, g=30)
    return n.finish(n.conv(depthwise, 7, 1), n.conv(depthwise, 9, 1))


def two_level_layers():
    """Two-level group convolutions as PyTorch exports them, with batch norm behind, a stride, 1x1, and the prototype."""
    n = Layers(x=[2, 3, 14, 13])

    def two_level(value, oc, k, g, prototype=False, **attributes):
        grouped = n.conv(value, oc, k, g, **attributes)
        first = n.conv(value, g, k, g, **attributes)
        coarse = n.conv(n.conv(first, g, 1, bias=False), oc, 1, g) if prototype else n.conv(first, oc, 1)
        return n.sum(grouped, coarse)

    value = n.relu(n.conv("x", 64))
    value = n.sum(value, n.batch_norm(two_level(n.relu(n.batch_norm(two_level(value, 64, 3, 4))), 64, 3, 4)))
    value = n.relu(two_level(value, 128, 3, 4, strides=[2, 2]))
    value = n.relu(two_level(value, 128, 1, 8, prototype=True))
    return n.finish(n.head(value, 10), two_level(value, 24, 3, 8))


def scaled_values():
    """Batch norms and constants that no convolution can take in."""
    n = Layers(x=[1, 9, 6, 6])
    value = n.batch_norm(n.relu(n.batch_norm("x")))
    value = n.add("Add", [value, n.weights(9, 1, 1)])
    flat = n.add("Reshape", [n.clip(value), n.constant(np.array([0, -1], np.int64))], 9 * 36)
    return n.finish(value, n.relu(flat))


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    cases = Cases(sys.argv[1])
    for make in (odd_channels, odd_concats, pools, softmaxes, several_inputs_and_outputs, windows,
                 depthwise, planes_of_one_element, scaled_values, separable_layers, two_level_layers, dense_network, mobile_network):
        cases.add(make.__name__, make())
    cases.add("residual_network", residual_network(17))
    cases.add("flattened_planes", flattened_planes(1))
    cases.add("flattened_planes_mb3", flattened_planes(3))
    for groups, channels in ((2, 30), (4, 16), (8, 32), (16, 48), (32, 32), (3, 15)):
        cases.add(f"grouped_chain_g{groups}c{channels}", grouped_chain(groups, channels))
    cases.add("grouped_chain_mb3", grouped_chain(8, 24, mb=3))
    cases.add("named_batch", named_batch(), dims={"N": 2})
    (cases.folder / "index.json").write_text(json.dumps(cases.index, indent=1))
    print(f"{len(cases.index)} networks in {cases.folder}")


if __name__ == "__main__":
    main()
