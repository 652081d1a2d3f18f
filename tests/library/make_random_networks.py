"""Writes random small networks with inputs and ONNX Runtime's outputs, for networks_test.

usage: make_random_networks.py OUT_DIR [--count N] [--seed S]

Network number s is the same whatever the others are: a failure is repeated by --count 1 --seed s. Its model stays in
OUT_DIR as random_s.onnx. To run many:

    tests/library/make_random_networks.py OUT --count 1000 --seed 100
    CONVOY_NETWORKS=OUT CONVOY_BOARD=host build/release/bin/convoy_networks_test
"""

import argparse
import json
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "compiler"))

from make_import_cases import Cases
from make_networks import Layers

CHANNELS = (1, 3, 4, 5, 7, 8, 12, 16, 17, 24, 30, 32, 48, 58)
ACTIVATIONS = ("Relu", "Clip")


class Network:
    """Grows from one or two inputs by random layers, each of which reads values made before."""

    def __init__(self, seed):
        self.random = np.random.default_rng(seed)
        mb = self.pick((1, 1, 1, 2, 3, 4))
        least, most = self.pick(((5, 20), (5, 20), (20, 40)))
        h, w = (int(extent) for extent in self.random.integers(least, most, 2))
        names = self.pick((("x",), ("x",), ("x", "z")))
        self.dims = {name: (mb, self.pick(CHANNELS), h, w) for name in names}
        self.inputs = list(names)
        self.layers = Layers(**{name: list(dims) for name, dims in self.dims.items()})

    def pick(self, options):
        return options[self.random.integers(len(options))]

    def value(self):
        """A recent value mostly, so that networks become deep rather than broad; else any, inputs too."""
        names = list(self.dims)
        if self.random.random() < 0.15:
            return self.pick(names)
        return names[max(0, len(names) - 1 - int(self.random.geometric(0.6) - 1))]

    def like(self, dims):
        return [name for name, other in self.dims.items() if other == dims]

    def put(self, name, dims):
        self.dims[name] = tuple(int(d) for d in dims)
        self.layers.channels[name] = int(dims[1])
        return name

    def window(self, h, w, k):
        """Strides, dilations and pads under which a kernel fits, and the output's extents."""
        s = [self.pick((1, 1, 1, 2, 3)) for _ in k]
        d = [self.pick((1, 1, 1, 2)) for _ in k]
        p = [int(self.random.integers(0, extent // 2 + 1)) for extent in k] + \
            [int(self.random.integers(0, extent // 2 + 1)) for extent in k]
        out = [(i + p[a] + p[a + 2] - (k[a] - 1) * d[a] - 1) // s[a] + 1 for a, i in enumerate((h, w))]
        return s, d, p, out

    def conv(self):
        value = self.value()
        mb, ic, h, w = self.dims[value]
        k = (self.pick((1, 1, 3, 3, 2, 5)), self.pick((1, 3, 3, 4, 5)))
        k = (k[0], k[0]) if self.random.random() < 0.7 else k
        kind = self.pick(("dense", "dense", "grouped", "depthwise"))
        divisors = [g for g in range(1, ic + 1) if ic % g == 0]
        g = {"dense": 1, "grouped": self.pick(divisors), "depthwise": ic}[kind]
        oc = g * int(self.random.integers(1, 4)) if kind != "dense" else self.pick(CHANNELS)
        s, d, p, out = self.window(h, w, k)
        if min(out) < 1:
            return
        name = self.layers.conv(value, oc, k, g, p, bias=self.random.random() < 0.7, strides=s, dilations=d)
        self.put(name, (mb, oc, *out))
        if self.random.random() < 0.5:
            self.activation(name)

    def activation(self, value=None):
        value = value or self.value()
        kind = self.pick(ACTIVATIONS)
        name = self.layers.clip(value) if kind == "Clip" else self.layers.add(kind, [value])
        self.put(name, self.dims[value])

    def batch_norm(self):
        value = self.value()
        self.put(self.layers.batch_norm(value), self.dims[value])

    def pool(self):
        value = self.value()
        mb, c, h, w = self.dims[value]
        k = (self.pick((2, 3)), self.pick((2, 3)))
        s, d, p, out = self.window(h, w, k)
        if min(out) < 1 or d != [1, 1]:
            return
        # ONNX Runtime wants pads below the kernel; windows that see no input have no maximum.
        if any((extent - 1) * s[a] - p[a] >= (h, w)[a] for a, extent in enumerate(out)):
            return
        kind = self.pick(("MaxPool", "AveragePool"))
        extra = {"count_include_pad": self.pick((0, 1))} if kind == "AveragePool" else {}
        self.put(self.layers.add(kind, [value], kernel_shape=list(k), strides=s, pads=p, **extra), (mb, c, *out))

    def sum(self):
        value = self.value()
        self.put(self.layers.sum(value, self.pick(self.like(self.dims[value]))), self.dims[value])

    def residual(self):
        value = self.value()
        c = self.dims[value][1]
        inner = self.layers.relu(self.layers.conv(value, self.pick(CHANNELS), 1))
        self.put(self.layers.sum(self.layers.conv(inner, c), value), self.dims[value])

    def gate(self):
        value = self.value()
        mean = self.layers.add("GlobalAveragePool", [value])
        gate = self.layers.add("Sigmoid", [self.layers.conv(mean, self.dims[value][1], 1)])
        self.put(self.layers.add("Mul", [gate, value]), self.dims[value])

    def combine_with_constant(self):
        value = self.value()
        _, c, h, w = self.dims[value]
        constant = self.layers.weights(*self.pick(((c, 1, 1), (1, c, 1, 1), (c, h, w))))
        self.put(self.layers.add(self.pick(("Add", "Mul", "PRelu")), [value, constant]), self.dims[value])

    def concat(self, axis=1):
        value = self.value()
        dims = list(self.dims[value])
        others = [name for name, other in self.dims.items()
                  if np.array_equal(np.delete(other, axis), np.delete(dims, axis))]
        parts = [value] + [self.pick(others) for _ in range(self.random.integers(1, 3))]
        dims[axis] = sum(self.dims[part][axis] for part in parts)
        if dims[axis] <= (8, 128)[axis]:
            self.put(self.layers.concat(*parts, axis=axis), dims)

    def integers(self, *values):
        return self.layers.constant(np.array(values, np.int64))

    def concat_images(self):
        self.concat(axis=0)

    def split(self, axis=1):
        value = self.value()
        dims = list(self.dims[value])
        extent = dims[axis]
        if extent < 2:
            return
        at = int(self.random.integers(1, extent))
        for start, end in ((0, at), (at, extent)):
            name = self.layers.add("Slice", [value, self.integers(start), self.integers(end), self.integers(axis)])
            dims[axis] = end - start
            self.put(name, dims)

    def split_images(self):
        self.split(axis=0)

    def shuffle(self):
        value = self.value()
        mb, c, h, w = self.dims[value]
        g = self.pick([g for g in range(1, c + 1) if c % g == 0])
        split = self.layers.add("Reshape", [value, self.integers(mb, g, c // g, h, w)])
        turned = self.layers.add("Transpose", [split], perm=[0, 2, 1, 3, 4])
        self.put(self.layers.add("Reshape", [turned, self.integers(mb, c, h, w)]), (mb, c, h, w))

    def crop(self):
        value = self.value()
        mb, c, h, w = self.dims[value]
        if min(h, w) < 4:
            return
        amounts = self.integers(0, 0, -1, 2, 0, 0, 1, -2)
        self.put(self.layers.add("Pad", [value, amounts]), (mb, c, h, w))

    def resize(self):
        value = self.value()
        mb, c, h, w = self.dims[value]
        if h * w > 300:
            return
        empty = self.layers.constant(np.zeros(0, np.float32))
        sizes = (mb, c, h * 2, w + 1)
        mode = self.pick(("nearest", "linear"))
        coordinates = self.pick(("half_pixel", "asymmetric", "align_corners"))
        name = self.layers.add("Resize", [value, empty, empty, self.integers(*sizes)], mode=mode,
                               coordinate_transformation_mode=coordinates, nearest_mode="floor")
        self.put(name, sizes)

    def transpose(self):
        value = self.value()
        mb, c, h, w = self.dims[value]
        self.put(self.layers.add("Transpose", [value], perm=[0, 1, 3, 2]), (mb, c, w, h))

    def reshape(self):
        value = self.value()
        mb, c, h, w = self.dims[value]
        self.put(self.layers.add("Reshape", [value, self.integers(mb, c, w, h)]), (mb, c, w, h))

    def head(self):
        """Fully connected layers: the last one, for what they make has no planes."""
        value = self.value()
        mb, c, h, w = self.dims[value]
        if c * h * w > 4000 or self.random.random() < 0.5:
            value, h, w = self.layers.add("GlobalAveragePool", [value]), 1, 1
        hidden = self.layers.relu(self.layers.gemm(self.layers.add("Flatten", [value]), c * h * w, 33))
        self.put(self.layers.gemm(hidden, 33, 10), (mb, 10))

    def finish(self):
        """What nobody reads is an output, four at most, and one value that may have readers."""
        read = {name for layer in self.layers.nodes for name in
                (layer.input if hasattr(layer, "input") else [])}
        made = [name for name in self.dims if name not in self.inputs]
        unread = [name for name in made if name not in read]
        return self.layers.finish(*dict.fromkeys(unread[-4:] + [self.pick(made)]))


LAYERS = (*[Network.conv] * 6, *[Network.residual] * 2, *[Network.concat] * 2, Network.activation, Network.batch_norm,
          Network.pool, Network.sum, Network.gate, Network.combine_with_constant, Network.split, Network.shuffle)
# Most of these take all images at once, and with them what reads their values.
MOVEMENTS = (Network.concat_images, Network.split_images, Network.crop, Network.resize, Network.transpose,
             Network.reshape)


def make(seed):
    network = Network(seed)
    layers = network.pick((LAYERS, LAYERS + MOVEMENTS))
    network.conv()
    for _ in range(int(network.random.integers(3, 12))):
        network.pick(layers)(network)
    if len(network.dims) == len(network.inputs):
        network.activation("x")
    if network.random.random() < 0.5:
        network.head()
    return network.finish()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder")
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0, help="number of the first network")
    options = parser.parse_args()
    cases = Cases(options.folder)
    for seed in range(options.seed, options.seed + options.count):
        cases.add(f"random_{seed}", make(seed))
    (cases.folder / "index.json").write_text(json.dumps(cases.index, indent=1))
    print(f"{len(cases.index)} networks in {cases.folder}")


if __name__ == "__main__":
    main()
