"""Loading, first result and memory of one engine: a fresh process a measurement, medians of several."""

import functools
import mmap
import time
from pathlib import Path
from statistics import median

import numpy as np

from harness import isolate
from harness.arrays import compare_outputs, random_inputs
from harness.engines import SUBJECT
from harness.errors import ModelError
from harness.measure import PEER_TOLERANCE, TOLERANCE, left_out
from harness.timing import run_burst
from profiles import memory

PROCESSES = 5
RUNS = 3            # until memory is read
WARM_S = 0.2        # of runs, for their median
CHUNK = 1 << 20


def files_of(engine, product):
    """The files that the engine will read."""
    if engine.name == SUBJECT:
        return [Path(engine.library)]
    parts = product if isinstance(product, tuple) else (product,)
    return [Path(part) for part in parts if isinstance(part, (str, Path))]


def read_through(path):
    """Reads a file, so that its pages are in the cache."""
    chunk = bytearray(CHUNK)
    with path.open("rb", buffering=0) as file:
        while file.readinto(chunk):
            pass


def touch_ms(path, size):
    """How long a process takes to touch each page of the first `size` bytes of a file for the first time."""
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ, flags=mmap.MAP_PRIVATE) as mapped:
        pages = np.frombuffer(mapped, np.uint8, count=min(size, len(mapped)))[::mmap.PAGESIZE]
        start = time.perf_counter()
        pages.max(initial=0)
        seconds = time.perf_counter() - start
        del pages
    return 1e3 * seconds


def first_result(engine, product, shapes, threads, weights_bytes, report):
    """One start: {"first_ms", "warm_ms", "memory_bytes", "touch_ms", "outputs"}.

    The times are those to the first result, of a warm run, and of touching `weights_bytes` of the engine's file.
    """
    report(f"starting {engine.name}", None)
    engine.prepare()
    inputs = random_inputs(shapes)
    files = files_of(engine, product)
    for file in files:
        read_through(file)
    before = memory.begin()
    start = time.perf_counter()
    engine.open(product, threads)
    engine.bind(inputs)
    engine.run()
    first = time.perf_counter() - start
    for _ in range(RUNS - 1):
        engine.run()
    used = memory.peak_bytes() - before
    outputs = engine.outputs()
    samples = run_burst(engine.run, RUNS)
    samples += run_burst(engine.run, max(RUNS, int(WARM_S * 1e9 / max(1, min(samples)))))
    return {"first_ms": 1e3 * first, "warm_ms": median(samples) / 1e6, "memory_bytes": used, "outputs": outputs,
            "touch_ms": touch_ms(files[0], weights_bytes) if weights_bytes else None}


def summarised(engine, runs):
    """Medians of several starts, as one engine's entry of a row."""
    found = {key: median(run[key] for run in runs) for key in ("first_ms", "warm_ms", "memory_bytes")}
    found |= {"setting": engine.setting, "load_ms": median(run["first_ms"] - run["warm_ms"] for run in runs),
              "processes": len(runs)}
    if runs[0]["touch_ms"] is not None:
        found["touch_ms"] = median(run["touch_ms"] for run in runs)
    return found


def started(engine, model, shapes, job, reference, weights_bytes, report):
    """(one engine's entry, its outputs); a ModelError where it fails or differs from the `reference`'s outputs, if any."""
    folder = job.scratch / engine.name
    folder.mkdir(parents=True, exist_ok=True)
    report(f"converting for {engine.name}", None)
    product = engine.convert(model, folder)
    work = functools.partial(first_result, engine, product, shapes, job.threads, weights_bytes)
    runs = []
    for number in range(PROCESSES):
        runs.append(isolate.apart(work, job.cpus, folder,
                                  lambda stage, share, number=number: report(stage, number / PROCESSES)))
    found = summarised(engine, runs)
    if reference is not None:
        tolerance = TOLERANCE if engine.name == SUBJECT else PEER_TOLERANCE
        found["error"], fault = compare_outputs(runs[0]["outputs"], reference, tolerance)
        if fault:
            raise ModelError(f"{engine.name}: {fault}")
    return found, runs[0]["outputs"]


def first_that_works(candidates, model, shapes, job, reference, report):
    """(one peer's entry, its outputs or None): the first of its settings that can take the network."""
    refused = {}
    for engine in candidates:
        try:
            found, outputs = started(engine, model, shapes, job, reference, 0, report)
        except ModelError as error:
            refused[engine.setting] = str(error)
            continue
        return found | ({"refused": refused} if refused else {}), outputs
    return left_out(next(iter(refused.values()))), None
