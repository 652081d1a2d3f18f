"""Writes random small networks with inputs and ONNX Runtime's outputs, for networks_test.

usage: make_random_networks.py OUT_DIR [--count N] [--seed S]

Network number s is the same whatever the others are: a failure is repeated by --count 1 --seed s. Its model stays in
OUT_DIR as random_s.onnx. To run many:

    tests/library/make_random_networks.py OUT --count 1000 --seed 100
    CONVOY_NETWORKS=OUT CONVOY_BOARD=host build/release/bin/convoy_networks_test --gtest_filter='*.MatchThe*'
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
    """Grows from its input by random layers, each of which reads values made before."""

    def __init__(self, seed):
        self.random = np.random.default_rng(seed)
        mb = 1 if self.random.random() < 0.8 else 2
        self.dims = {"x": (mb, self.pick(CHANNELS), int(self.random.integers(5, 20)), int(self.random.integers(5, 20)))}
        self.layers = Layers(x=list(self.dims["x"]))

    def pick(self, options):
        return options[self.random.integers(len(options))]

    def value(self):
        """A recent value, so that networks become deep rather than broad."""
        names = list(self.dims)
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

    def concat(self):
        value = self.value()
        mb, _, h, w = self.dims[value]
        others = [name for name, dims in self.dims.items() if (dims[0], *dims[2:]) == (mb, h, w)]
        parts = [value] + [self.pick(others) for _ in range(self.random.integers(1, 3))]
        c = sum(self.dims[part][1] for part in parts)
        if c <= 128:
            self.put(self.layers.concat(*parts), (mb, c, h, w))

    def integers(self, *values):
        return self.layers.constant(np.array(values, np.int64))

    def split(self):
        value = self.value()
        mb, c, h, w = self.dims[value]
        if c < 2:
            return
        at = int(self.random.integers(1, c))
        for start, end in ((0, at), (at, c)):
            name = self.layers.add("Slice", [value, self.integers(start), self.integers(end), self.integers(1)])
            self.put(name, (mb, end - start, h, w))

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

    def finish(self):
        """What nobody reads is an output, four at most."""
        read = {name for layer in self.layers.nodes for name in
                (layer.input if hasattr(layer, "input") else [])}
        unread = [name for name in self.dims if name not in read and name != "x"]
        return self.layers.finish(*unread[-4:])


LAYERS = (Network.conv, Network.conv, Network.conv, Network.conv, Network.activation, Network.batch_norm, Network.pool,
          Network.sum, Network.concat, Network.split, Network.shuffle, Network.crop, Network.resize, Network.transpose)


def make(seed):
    network = Network(seed)
    network.conv()
    for _ in range(int(network.random.integers(3, 12))):
        network.pick(LAYERS)(network)
    if len(network.dims) == 1:
        network.activation("x")
    return network.finish()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder")
    parser.add_argument("--count", type=int, default=30)
    parser.add_argument("--seed", type=int, default=0, help="number of the first network")
    options = parser.parse_args()
    cases = Cases(options.folder)
    for seed in range(options.seed, options.seed + options.count):
        cases.add(f"random_{seed}", make(seed))
    (cases.folder / "index.json").write_text(json.dumps(cases.index, indent=1))
    print(f"{len(cases.index)} networks in {cases.folder}")


if __name__ == "__main__":
    main()
