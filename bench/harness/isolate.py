"""Measures one model, or does other work, in a process of its own.

All memory goes back afterwards, threads and programs of an engine cannot outlive their model, and a library
that crashes costs one row instead of the whole run, or one engine where the others can do without it.
"""

import contextlib
import functools
import multiprocessing
import os
import signal
import tempfile
import time
from dataclasses import replace

from harness.errors import ModelError
from harness.measure import CHOOSING, LOADING, left_out, measure

REPORT_EVERY_S = 0.25
EXIT_WAIT_S = 5


class Reporter:
    """Sends stages to the parent, and the share done a few times a second at most."""

    def __init__(self, pipe):
        self.pipe = pipe
        self.stage = None
        self.sent = 0.0

    def __call__(self, stage, share):
        now = time.monotonic()
        if stage != self.stage or now - self.sent >= REPORT_EVERY_S:
            self.pipe.send(("stage", (stage, share)))
            self.stage, self.sent = stage, now


class Died(ModelError):
    """The measuring process ended in a stage that was about `engine`, or about no single one (None)."""

    def __init__(self, message, engine):
        super().__init__(message)
        self.engine = engine


def keep_files_in(folder):
    """Temporary files of this process and of what it starts go into `folder`, and what engines print into a file there."""
    folder.mkdir(parents=True, exist_ok=True)
    os.environ["TMPDIR"] = tempfile.tempdir = str(folder)
    with (folder / "engines.log").open("a") as log:
        for stream in (1, 2):
            os.dup2(log.fileno(), stream)


def child(pipe, work, cpus, scratch):
    """Pins itself before any engine exists, works, and sends the result or the failure.

    It leads a process group, with the converters that engines start.
    """
    os.setpgid(0, 0)
    if cpus:
        os.sched_setaffinity(0, cpus)
    if scratch:
        keep_files_in(scratch)
    try:
        pipe.send(("result", work(Reporter(pipe))))
    except ModelError as error:
        pipe.send(("failure", str(error)))
    except Exception as error:
        pipe.send(("failure", f"{type(error).__name__}: {error}"))


def start_ignoring_interrupts(process):
    """Starts a child that leaves Ctrl-C to its parent."""
    previous = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        process.start()
    finally:
        signal.signal(signal.SIGINT, previous)


def death(process, stage):
    """The error about a process that sent no result: how it ended."""
    code = process.exitcode
    how = signal.Signals(-code).name if code and code < 0 else f"exit code {code}"
    engine = next((stage.removeprefix(about) for about in (LOADING, CHOOSING) if stage.startswith(about)), None)
    return Died(f"the measuring process ended with {how} while {stage}", engine)


def apart(work, cpus=None, scratch=None, report=lambda stage, share: None):
    """`work(report)` in a fresh process on the processors `cpus`; raises ModelError when that fails or dies.

    `scratch` is the folder of its temporary files.
    """
    context = multiprocessing.get_context("spawn")
    mine, theirs = context.Pipe()
    process = context.Process(target=child, args=(theirs, work, cpus, scratch), daemon=True)
    start_ignoring_interrupts(process)
    theirs.close()
    stage = "starting"
    try:
        while True:
            try:
                kind, value = mine.recv()
            except EOFError:
                process.join(EXIT_WAIT_S)
                raise death(process, stage) from None
            if kind == "result":
                process.join(EXIT_WAIT_S)
                return value
            if kind == "failure":
                raise ModelError(value)
            stage = value[0]
            report(*value)
    finally:
        mine.close()
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.kill()
        process.join()


def measure_apart(job, report=lambda stage, share: None):
    """`measure(job, report)` in a fresh process; raises ModelError when that fails or dies."""
    return apart(functools.partial(measure, job), job.cpus, job.scratch, report)


def measure_survivors(job, report=lambda stage, share: None):
    """As `measure_apart`, again without each dispensable engine that takes the process with it."""
    dead = {}
    while True:
        alive = {name: list(candidates) for name, candidates in job.contenders.items() if name not in dead}
        try:
            result = measure_apart(replace(job, contenders=alive), report)
        except Died as error:
            if error.engine not in job.dispensable:
                raise
            dead[error.engine] = left_out(str(error))
            continue
        result["engines"] |= dead
        return result
