"""This machine's measured peak and bandwidth, and the least time of a layer by them."""

import math
import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from harness.errors import UserError

PROBE = Path(__file__).with_name("roofline_probe.c")
FLAGS = {16: ["-mavx512f", "-mfma"], 8: ["-mavx2", "-mfma"]}


@dataclass
class Roofline:
    """One core: GFLOP/s, and GB/s by the working set's bytes when it reads and when it copies."""

    peak: float
    read: dict
    copy: dict

    def least_us(self, layer):
        """Multiply-adds at peak, or weights read and activations copied once, whichever takes longer.

        Bandwidth is that of a working set as large as all weights of the chain and two activations.
        """
        working_set = layer.activation_bytes + layer.chain * layer.weight_bytes
        moving = (layer.weight_bytes / bandwidth(self.read, working_set)
                  + layer.activation_bytes / bandwidth(self.copy, working_set))
        return max(2 * layer.macs / self.peak, moving) * 1e-3


def bandwidth(curve, size):
    """GB/s for a working set of `size` bytes, between the measured ones."""
    points = sorted((int(key), value) for key, value in curve.items())
    below = [point for point in points if point[0] <= size] or points[:1]
    above = [point for point in points if point[0] >= size] or points[-1:]
    (low, slow), (high, fast) = below[-1], above[0]
    share = math.log(size / low) / math.log(high / low) if high > low else 0.0
    return slow + share * (fast - slow)


def parse(text):
    """The Roofline that the probe printed."""
    roofline = Roofline(0.0, {}, {})
    for line in text.splitlines():
        kind, *values = line.split()
        if kind == "peak":
            roofline.peak = float(values[0])
        else:
            getattr(roofline, kind)[values[0]] = float(values[1])
    return roofline


def measure(vector_floats, cpus):
    """Compiles the probe for vectors of so many floats and runs it on the first of `cpus`."""
    compiler = shutil.which("clang") or shutil.which("cc")
    if not compiler:
        raise UserError("no C compiler, expected clang or cc, which measures the roofline")
    with tempfile.TemporaryDirectory() as folder:
        program = Path(folder) / "roofline_probe"
        command = [compiler, "-O3", "-ffp-contract=fast", *FLAGS.get(vector_floats, []),
                   f"-DVECTOR_BYTES={4 * vector_floats}", PROBE, "-o", program]
        for step in (command, [program]):
            answer = subprocess.run(step, capture_output=True, text=True,
                                    preexec_fn=lambda: os.sched_setaffinity(0, cpus[:1]))
            if answer.returncode:
                said = answer.stderr.strip().splitlines()
                raise UserError(f"{step[0]}: exit code {answer.returncode}: {said[0] if said else 'no message'}, "
                                "expected to measure the roofline")
    return parse(answer.stdout)
