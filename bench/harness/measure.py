"""One model, all engines: load, choose each one's best setting, compare outputs, measure."""

import gc
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Callable

import onnx

from harness.arrays import compare_outputs, random_inputs
from harness.engines import SUBJECT
from harness.errors import ModelError
from harness.processors import speeds
from harness.stats import summarise
from harness.timing import interleave, run_burst

RACE_SECONDS = 0.5
RACE_ROUNDS = 5
TOLERANCE = 1e-4
PEER_TOLERANCE = 1e-3  # for fp32 in another order; bf16 is far above it
LOADING, CHOOSING = "loading ", "choosing the setting of "  # the stages that are about one engine, whose name follows


def left_out(reason):
    """The result of an engine that was not measured."""
    return {"left_out": reason}


@dataclass
class Job:
    """What to measure. `contenders` maps an engine's name to its settings, not loaded yet.

    `tolerance` bounds Convoy's relative error against the reference, `peer_tolerance` the peers'. Engines in
    `untimed` are compared only. `burst` is the clock (timing.interleave); `last(engine)` measures something else after
    the times, in entries of the engine's results. Engines in `dispensable` are left out where they fail or are wrong,
    with the reason as their result; `scratch` is the folder of their temporary files.
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
    dispensable: tuple = ()
    scratch: Path | None = None


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
    """Loads and binds one engine, runs it once and reads its outputs; what fails names the engine."""
    try:
        engine.load(job.model, job.threads)
        engine.bind(inputs)
        engine.run()
        engine.outputs()
    except ModelError:
        raise
    except Exception as error:
        first = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise ModelError(f"{engine.name}: {first}") from error


def fastest(candidates, job, inputs, report, refused, check):
    """The best of an engine's settings on this model; the others are removed and freed.

    `refused` receives the settings that the engine could do without and that fail: {setting: reason}. One that runs
    fails where `check(engine)` says why.
    """
    for engine in list(candidates):
        report(f"{LOADING}{engine.name}", None)
        try:
            ready(engine, job, inputs)
            if fault := check(engine):
                raise ModelError(f"{engine.name}: {fault}")
        except ModelError as error:
            if not engine.optional or len(candidates) == 1:
                raise
            candidates.remove(engine)
            refused[engine.setting] = str(error)
    if len(candidates) == 1:
        return candidates[0]
    runs = {index: engine.run for index, engine in enumerate(candidates)}
    report(f"{CHOOSING}{candidates[0].name}", None)
    samples, _ = interleave(runs, job.threads, min(RACE_SECONDS, job.seconds), RACE_ROUNDS, burst=job.burst)
    best = min(samples, key=lambda index: median(samples[index]))
    candidates[:] = [candidates[best]]
    runs.clear()
    gc.collect()
    return candidates[0]


def compare_all(engines, reference, tolerance, peer_tolerance=PEER_TOLERANCE):
    """({engine: relative error or None}, {engine: why it is wrong})."""
    expected = engines[reference].outputs()
    errors, faults = {}, {}
    for name, engine in engines.items():
        allowed = tolerance if name.startswith(SUBJECT) else peer_tolerance
        errors[name], fault = compare_outputs(engine.outputs(), expected, allowed)
        if fault:
            faults[name] = fault
    return errors, faults


def told(errors, faults, reference):
    """Why engines are wrong, in one line, with how far the peers are off."""
    peers = [f"{name}'s is {error:.2e}" for name, error in errors.items()
             if error is not None and name != reference and not name.startswith(SUBJECT)]
    wrong = "; ".join(f"{name}: {fault}" for name, fault in faults.items())
    return wrong + (f" ({', '.join(peers)})" if peers else "")


def load_all(job, inputs, report):
    """({engine: the best of its settings, ready}, {engine: its result so far})."""
    engines, result = {}, {}

    def check(engine):
        """Why a setting of a dispensable engine is wrong; a wrong one may be the fastest."""
        if engine.name not in job.dispensable or job.reference not in engines:
            return None
        return compare_outputs(engine.outputs(), engines[job.reference].outputs(), job.peer_tolerance)[1]

    for name, candidates in job.contenders.items():
        refused = {}
        try:
            engines[name] = fastest(candidates, job, inputs, report, refused, check)
            result[name] = {"setting": engines[name].setting}
        except ModelError as error:
            if name not in job.dispensable:
                raise
            result[name] = left_out(str(error))
            candidates.clear()
        if refused:
            result[name]["refused"] = refused
    return engines, result


def measure(job, report=lambda stage, share: None):
    """Measures one model; {"status", "reason", "rounds", "engines"}, and "cpu_speeds" where there are several threads.

    The outputs are compared before anything is timed and once more after the last round. `report`
    is told the stage in words and the share of the time that is done, or None. "cpu_speeds" are the means of
    processors.speeds() before and after the times.
    """
    inputs = random_inputs(input_shapes(job.model))
    engines, result = load_all(job, inputs, report)

    def finish(status, reason="", rounds=0):
        return {"status": status, "reason": reason, "rounds": rounds, "engines": result}

    def check():
        """Why the row is wrong, or ""; takes the dispensable engines away that are."""
        errors, faults = compare_all(engines, job.reference, job.tolerance, job.peer_tolerance)
        for name, error in errors.items():
            result[name]["error"] = error
        if faults.keys() - set(job.dispensable):
            return told(errors, faults, job.reference)
        for name, fault in faults.items():
            result[name] |= left_out(fault)
            del engines[name]
        return ""

    report("comparing outputs", None)
    wrong = check()
    if wrong:
        return finish("wrong", wrong)
    runs = {name: engine.run for name, engine in engines.items() if name not in job.untimed}
    several = job.cpus if job.cpus and job.threads > 1 else None
    before = speeds(several) if several else []
    samples, rounds = interleave(runs, job.threads, job.seconds,
                                 progress=lambda share: report("measuring", share), burst=job.burst)
    worth = {"cpu_speeds": [sum(pair) / 2 for pair in zip(before, speeds(several))]} if several else {}
    found = {name: summarise(values) for name, values in samples.items()}
    for name in found if job.last else ():
        report(f"measuring more of {name}", None)
        found[name].update(job.last(engines[name]))
    wrong = check()
    if wrong:
        return finish("wrong", f"after {rounds} rounds, {wrong}", rounds)
    for name in engines.keys() & found.keys():
        result[name].update(found[name])
    return finish("ok", "", rounds) | worth
