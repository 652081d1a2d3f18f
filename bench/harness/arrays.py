"""Aligned arrays, the seeded input of a model, and the comparison of two outputs."""

import math

import numpy as np

ALIGNMENT = 64
SEED = 20260


def aligned_empty(shape, dtype=np.float32):
    """An uninitialised array that starts on a cache line."""
    dtype = np.dtype(dtype)
    size = math.prod(shape) * dtype.itemsize
    raw = np.empty(size + ALIGNMENT, np.uint8)
    start = -raw.ctypes.data % ALIGNMENT
    return raw[start:start + size].view(dtype).reshape(shape)


def random_inputs(shapes):
    """Normal data from a fixed seed, one aligned f32 array a shape."""
    source = np.random.default_rng(SEED)
    inputs = []
    for shape in shapes:
        array = aligned_empty(shape)
        array[...] = source.standard_normal(shape, dtype=np.float32)
        inputs.append(array)
    return inputs


def compare_outputs(outputs, reference, tolerance):
    """(relative error or None, fault or None) of `outputs` against `reference`.

    The error is the largest |a - b| over the reference's largest magnitude, of the worst output.
    A NaN or an infinity on either side, a missing output or another shape is a fault without one.
    """
    if len(outputs) != len(reference):
        return None, f"{len(outputs)} outputs, expected {len(reference)}"
    worst = 0.0
    for index, (mine, theirs) in enumerate(zip(outputs, reference)):
        if mine.shape != theirs.shape:
            return None, f"output {index} has shape {mine.shape}, expected {theirs.shape}"
        for values, owner in ((mine, "output"), (theirs, "the reference of output")):
            if not np.isfinite(values).all():
                return None, f"{owner} {index} holds NaN or infinity"
        difference = float(np.abs(mine - theirs).max(initial=0.0))
        scale = float(np.abs(theirs).max(initial=0.0))
        if scale == 0.0 and difference > 0.0:
            return None, f"output {index} should be all zero, found {difference:.2e}"
        worst = max(worst, difference / scale if scale else 0.0)
    if worst > tolerance:
        return worst, f"relative error {worst:.2e}, expected at most {tolerance:.0e}"
    return worst, None
