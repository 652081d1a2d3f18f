"""Classes of layers, and the ratios to the best peer that are expected of them."""

from dataclasses import dataclass
from typing import Callable

from harness.engines import DIRECT, PEERS, SUBJECT
from harness.stats import geomean
from layers.shapes import Layer


def is_depthwise(layer):
    return layer.g == layer.ic == layer.oc


def is_narrow(layer):
    return 2 <= layer.channels_per_group <= 15


def is_wide_3x3(layer):
    """Where Winograd can be used."""
    return (layer.kh == layer.kw == 3 and layer.stride_1 and layer.dh == layer.dw == 1
            and layer.channels_per_group >= 16)


def is_mobilenet_v2(layer):
    return layer.ic in (144, 576) and layer.channels_per_group in (18, 36, 72)


def is_rest(layer):
    """Stride 2, pointwise, and what no class above describes."""
    return not (is_depthwise(layer) or is_narrow(layer) or is_wide_3x3(layer))


@dataclass(frozen=True)
class Bar:
    """A class of layers: the least geometric mean and the least ratio of each layer (0: none is expected), of `engine` to
    `peers`. A ratio is that of the medians, or the best of those of several `keys`."""

    title: str
    short: str
    contains: Callable[[Layer], bool]
    mean: float
    worst: float
    engine: str = SUBJECT
    peers: tuple = PEERS[SUBJECT]
    keys: tuple = ("median_ms",)

    def ratio(self, row):
        """The ratio of a row that the bar is about, or None."""
        ratios = [row.ratio(self.engine, self.peers, key) for key in self.keys]
        return None if None in ratios else max(ratios)


# Expected of tuned layers.
BARS = (
    Bar("2 to 15 channels per group", "2-15 channels a group", is_narrow, 3.2, 1.0),
    Bar("depthwise", "depthwise", is_depthwise, 2.5, 1.0),
    Bar("3x3, stride 1, at least 16 channels per group", "3x3, 16 and more", is_wide_3x3, 1.7, 1.0),
    Bar("the same, Winograd off in Convoy", "", is_wide_3x3, 0.9, 0.0, DIRECT),
    Bar("the same, Winograd off in all", "", is_wide_3x3, 0.9, 0.0, DIRECT, PEERS[DIRECT]),
    Bar("stride 2, pointwise and the rest", "stride 2, 1x1, rest", is_rest, 1.15, 1.0),
    Bar("MobileNetV2's 18, 36 and 72 channels per group", "", is_mobilenet_v2, 1.3, 0.0),
)


@dataclass
class Result:
    """A bar beside what was measured; `below` are the layers under its least ratio, slowest first."""

    bar: Bar
    count: int
    mean: float
    worst: float
    worst_name: str
    below: list

    @property
    def held(self):
        return self.mean >= self.bar.mean and not self.below


def results(rows, expected=BARS):
    """A Result for each of the expected bars that has measured layers."""
    made = []
    for bar in expected:
        ratios = {row.name: bar.ratio(row) for row in rows if bar.contains(row.layer)}
        ratios = {name: value for name, value in ratios.items() if value is not None}
        if not ratios:
            continue
        order = sorted(ratios, key=ratios.get)
        below = [name for name in order if ratios[name] < bar.worst]
        made.append(Result(bar, len(ratios), geomean(ratios.values()), ratios[order[0]], order[0], below))
    return made
