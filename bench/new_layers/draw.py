"""Layers at random, of the kinds that networks are made of."""

import math
import random
from dataclasses import replace

from layers import shapes

CHANNELS = (16, 24, 32, 40, 48, 56, 64, 72, 80, 96, 112, 120, 128, 144, 160, 168, 192, 200, 224, 240, 256, 320, 336, 384,
            480, 512, 576, 640, 672, 768, 960)
KERNELS = (1, 3, 3, 3, 5, 7)
STRIDES = (1, 1, 2)
WIDENINGS = (1, 1, 1, 2)  # output channels of a grouped layer, over its input channels
PLANES = (7, 112)
MACS = (200_000, 200_000_000)
MOST_ELEMENTS = 96 * 112 * 112  # of an input or output: MobileNetV2's largest
MOST_NARROW = 15


def _narrow(source, channels):
    """(groups, output channels) with 2 to 15 channels a group; None where there is no such division."""
    return _grouped(source, channels, range(2, MOST_NARROW + 1))


def _depthwise(source, channels):
    return channels, channels


def _wide(source, channels):
    """At least 16 channels a group."""
    return _grouped(source, channels, range(MOST_NARROW + 1, channels // 2 + 1))


def _dense(source, channels):
    return 1, source.choice(CHANNELS)


def _grouped(source, channels, sizes):
    fitting = [size for size in sizes if channels % size == 0 and channels > size]
    return (channels // source.choice(fitting), channels * source.choice(WIDENINGS)) if fitting else None


KINDS = (_narrow, _depthwise, _wide, _dense)


def _one(source, kind):
    """A layer of a kind, or None: not every draw is one."""
    channels = source.choice(CHANNELS)
    made = kind(source, channels)
    kernel = source.choice(KERNELS)
    if made is None or (kind is _depthwise and kernel == 1):
        return None
    groups, outputs = made
    plane = round(math.exp(source.uniform(*map(math.log, PLANES))))
    stride = source.choice(STRIDES)
    layer = shapes.parse(f"g{groups}ic{channels}ih{plane}oc{outputs}kh{kernel}sh{stride}ph{kernel // 2}")
    elements = max(layer.ic * layer.ih * layer.iw, layer.oc * layer.oh * layer.ow)
    return layer if MACS[0] <= layer.macs <= MACS[1] and elements <= MOST_ELEMENTS else None


def draw(count, seed, listed):
    """`count` different layers, the same for the same seed, each kind as often as the others; none is one of `listed`."""
    source = random.Random(seed)
    taken = {replace(layer, text="") for layer in listed}
    drawn = []
    while len(drawn) < count:
        layer = _one(source, KINDS[len(drawn) % len(KINDS)])
        if layer and replace(layer, text="") not in taken:
            taken.add(replace(layer, text=""))
            drawn.append(layer)
    return drawn
