"""Engines that need nothing but numpy, and what they compute: the rectified input."""

import os
import time

import numpy as np
from harness.engines.base import Engine
from harness.timing import run_burst


class Fake(Engine):
    """Rectifies its input, adds `offset`, and sleeps `milliseconds`."""

    def __init__(self, name, milliseconds=0.0, offset=0.0):
        self.name = name
        self.setting = f"{milliseconds} ms"
        self.seconds = milliseconds / 1e3
        self.offset = offset
        self.runs = 0

    def version(self):
        return "1.0"

    def load(self, model, threads):
        pass

    def bind(self, inputs):
        self.inputs = inputs

    def run(self):
        self.runs += 1
        time.sleep(self.seconds)

    def outputs(self):
        return [np.maximum(array, 0) + np.float32(self.offset) for array in self.inputs]


def mean_burst(run, count):
    """Nanoseconds of a run as CUDA's events give them: one number for all of `count`."""
    return [sum(run_burst(run, count)) / count]


def energy(engine):
    """8 mJ a run, whatever runs."""
    return {"mj": 8.0, "mj_from": "counter"}


class LateNan(Fake):
    """Right in its first run, NaN afterwards."""

    def outputs(self):
        return [array * np.nan if self.runs > 1 else array for array in super().outputs()]


class Broken(Fake):
    """Cannot load any model."""

    def load(self, model, threads):
        raise RuntimeError("no kernel for Foo\nand more lines")


class Optional(Broken):
    """A setting that a model can do without."""

    optional = True


class Crash(Fake):
    """Ends its process the hard way when it runs."""

    def run(self):
        os.abort()
