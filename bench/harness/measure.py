"""One model, all engines: load, choose each one's best setting, compare outputs, measure."""

import gc
from dataclasses import dataclass
from statistics import median
from typing import Callable

import onnx

from harness.arrays import compare_outputs, random_inputs
from harness.engines import SUBJECT
from harness.errors import ModelError
from harness.stats import summarise
from harness.timing import interleave, run_burst

RACE_SECONDS = 0.5
RACE_ROUNDS = 5
TOLERANCE = 1e-4
PEER_TOLERANCE = 1e-3  # for fp32 in another order; bf16 is far above it


@dataclass
class Job:
    """What to measure. `contenders` maps an engine's name to its settings, not loaded yet.

    `tolerance` bounds Convoy's relative error against the reference, `peer_tolerance` the peers'. Engines in
    `untimed` are compared only. `burst` is the clock (timing.interleave); `last(engine)` measures something else after
    the times, in entries of the engine's results.
    """

    model: str
    contenders: dict
    reference: str
    threads: int
    seconds: float
    cpus: list | None = None
    tolerance: float = TOLERANCE
    peer_tolerance: float = PEER_TOLERANCE
    untimed: tuple = ()
    burst: Callable = run_burst
    last: Callable | None = None


def input_shapes(model):
    """The static shapes of an ONNX file's inputs, in the order of the graph."""
    graph = onnx.load(model, load_external_data=False).graph
    constants = {tensor.name for tensor in graph.initializer}
    shapes = []
    for entry in graph.input:
        if entry.name in constants:
            continue
        tensor = entry.type.tensor_type
        dims = [dim.dim_value for dim in tensor.shape.dim]
        if tensor.elem_type != onnx.TensorProto.FLOAT or min(dims, default=1) < 1:
            raise ModelError(f"{model}: input {entry.name} has shape {dims}, "
                               "expected f32 and a fixed shape")
        shapes.append(tuple(dims))
    return shapes


def ready(engine, job, inputs):
    """Loads and binds one engine and runs it once; what fails names the engine."""
    try:
        engine.load(job.model, job.threads)
        engine.bind(inputs)
        engine.run()
    except ModelError:
        raise
    except Exception as error:
        first = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise ModelError(f"{engine.name}: {first}") from error


def fastest(candidates, job, inputs, report):
    """The best of an engine's settings on this model; the others are removed and freed."""
    for engine in list(candidates):
        report(f"loading {engine.name}", None)
        try:
            ready(engine, job, inputs)
        except ModelError:
            if not engine.optional or len(candidates) == 1:
                raise
            candidates.remove(engine)
    if len(candidates) == 1:
        return candidates[0]
    runs = {index: engine.run for index, engine in enumerate(candidates)}
    report(f"choosing the setting of {candidates[0].name}", None)
    samples, _ = interleave(runs, job.threads, min(RACE_SECONDS, job.seconds), RACE_ROUNDS, burst=job.burst)
    best = min(samples, key=lambda index: median(samples[index]))
    candidates[:] = [candidates[best]]
    runs.clear()
    gc.collect()
    return candidates[0]


def compare_all(engines, reference, tolerance, peer_tolerance=PEER_TOLERANCE):
    """({engine: relative error or None}, why engines are wrong or "")."""
    expected = engines[reference].outputs()
    errors, faults = {}, []
    for name, engine in engines.items():
        allowed = tolerance if name.startswith(SUBJECT) else peer_tolerance
        errors[name], fault = compare_outputs(engine.outputs(), expected, allowed)
        if fault:
            faults.append(f"{name}: {fault}")
    if not faults:
        return errors, ""
    peers = [f"{name}'s is {error:.2e}" for name, error in errors.items()
             if error is not None and name != reference and not name.startswith(SUBJECT)]
    return errors, "; ".join(faults) + (f" ({', '.join(peers)})" if peers else "")


def measure(job, report=lambda stage, share: None):
    """Measures one model; {"status", "reason", "rounds", "engines"}.

    The outputs are compared before anything is timed and once more after the last round. `report`
    is told the stage in words and the share of the time that is done, or None.
    """
    inputs = random_inputs(input_shapes(job.model))
    engines, result = {}, {}
    for name, candidates in job.contenders.items():
        engines[name] = fastest(candidates, job, inputs, report)
        result[name] = {"setting": engines[name].setting}

    def finish(status, reason="", rounds=0):
        return {"status": status, "reason": reason, "rounds": rounds, "engines": result}

    def check():
        errors, wrong = compare_all(engines, job.reference, job.tolerance, job.peer_tolerance)
        for name, error in errors.items():
            result[name]["error"] = error
        return wrong

    report("comparing outputs", None)
    wrong = check()
    if wrong:
        return finish("wrong", wrong)
    runs = {name: engine.run for name, engine in engines.items() if name not in job.untimed}
    samples, rounds = interleave(runs, job.threads, job.seconds,
                                 progress=lambda share: report("measuring", share), burst=job.burst)
    found = {name: summarise(values) for name, values in samples.items()}
    for name in found if job.last else ():
        report(f"measuring more of {name}", None)
        found[name].update(job.last(engines[name]))
    wrong = check()
    if wrong:
        return finish("wrong", f"after {rounds} rounds, {wrong}", rounds)
    for name, values in found.items():
        result[name].update(values)
    return finish("ok", "", rounds)
