"""A row of the comparison: one layer."""

import functools
from dataclasses import dataclass

from harness.engines import SUBJECT
from harness.results import Row
from layers.shapes import Layer, parse

FORMAT = "convoy-layers-1"


@functools.cache
def _parsed(text):
    return parse(text)


@dataclass
class LayerRow(Row):
    """`name` is the layer's descriptor; the engines' times are those of the whole chain."""

    least_us: float | None = None  # the roofline, of one layer

    @property
    def layer(self) -> Layer:
        return _parsed(self.name)

    @property
    def chain(self):
        return self.layer.chain

    def us(self, engine, key="median_ms"):
        """Microseconds of one layer, or None."""
        value = self.time(engine, key)
        return None if value is None else value * 1e3 / self.chain

    def gflops(self, engine=SUBJECT):
        """2 x MACs of the direct algorithm over the time, or None."""
        value = self.us(engine)
        return None if value is None else 2e-3 * self.macs / value

    def share(self, engine=SUBJECT):
        """The roofline's time over the engine's, or None."""
        value = self.us(engine)
        return None if value is None or self.least_us is None else self.least_us / value
