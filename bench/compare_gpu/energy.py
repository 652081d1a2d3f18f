"""Energy of a run, from NVML, which is what nvidia-smi prints.

E2GC (section IV) takes the power that nvidia-smi tells while a network runs, for several batch sizes, and states
millijoules a frame, of a forward and a backward pass. Here it is the forward pass alone: a library has no other.
"""

import functools
import time

BURST_NS = 10_000_000


class Meter:
    """A GPU's energy in mJ: its counter where it has one (Volta and later), else its power summed over time."""

    def __init__(self, nvml, handle):
        self._nvml, self._handle = nvml, handle
        self._last, self._energy = None, 0.0
        try:
            nvml.nvmlDeviceGetTotalEnergyConsumption(handle)
            self.source = "counter"
        except nvml.NVMLError:
            nvml.nvmlDeviceGetPowerUsage(handle)
            self.source = "power"

    def read(self):
        """mJ since some moment; the counter moves a few times a second only."""
        if self.source == "counter":
            return self._nvml.nvmlDeviceGetTotalEnergyConsumption(self._handle)
        milliwatts, now = self._nvml.nvmlDeviceGetPowerUsage(self._handle), time.perf_counter()
        if self._last:
            before, then = self._last
            self._energy += (milliwatts + before) / 2 * (now - then)
        self._last = milliwatts, now
        return self._energy


@functools.cache
def meter(uuid):
    """The Meter of a GPU; None without NVML, or where it tells neither energy nor power."""
    try:
        import pynvml
    except ImportError:
        return None
    try:
        pynvml.nvmlInit()
        return Meter(pynvml, pynvml.nvmlDeviceGetHandleByUUID(uuid))
    except pynvml.NVMLError:
        return None


def of_runs(run, burst, read, seconds):
    """mJ a run, between the first and the last change of what `read` returns; None where it does not change twice.

    `run` is repeated without a pause for `seconds`, and as long again while there are no two changes.
    """
    count = 1
    while count * min(burst(run, count)) < BURST_NS:
        count *= 2
    runs, before, changes = 0, read(), []
    start = time.perf_counter()
    while (elapsed := time.perf_counter() - start) < seconds or (len(changes) < 2 and elapsed < 2 * seconds):
        burst(run, count)
        runs += count
        if (energy := read()) != before:
            before = energy
            changes.append((runs, energy))
    if len(changes) < 2:
        return None
    (first, low), (last, high) = changes[0], changes[-1]
    return (high - low) / (last - first)


def measure(engine, uuid, burst, seconds):
    """{"mj": a run's energy or None, "mj_from": counter, power or None}, of an engine that is ready."""
    found = meter(uuid) if seconds else None
    if not found:
        return {"mj": None, "mj_from": None}
    return {"mj": of_runs(engine.run, burst, found.read, seconds), "mj_from": found.source}
