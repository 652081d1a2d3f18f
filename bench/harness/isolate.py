"""Measures one model in a process of its own.

All memory goes back afterwards, threads of an engine cannot outlive their model, and a library
that crashes costs one row instead of the whole run.
"""

import multiprocessing
import os
import signal
import time

from harness.errors import ModelError
from harness.measure import measure

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


def child(pipe, job):
    """Pins itself before any engine exists, measures, and sends the result or the failure."""
    if job.cpus:
        os.sched_setaffinity(0, job.cpus)
    try:
        pipe.send(("result", measure(job, Reporter(pipe))))
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
    """How a process that sent no result ended, in words."""
    code = process.exitcode
    how = signal.Signals(-code).name if code and code < 0 else f"exit code {code}"
    return f"the measuring process ended with {how} while {stage}"


def measure_apart(job, report=lambda stage, share: None):
    """`measure(job, report)` in a fresh process; raises ModelError when that fails or dies."""
    context = multiprocessing.get_context("spawn")
    mine, theirs = context.Pipe()
    process = context.Process(target=child, args=(theirs, job), daemon=True)
    start_ignoring_interrupts(process)
    theirs.close()
    stage = "starting"
    try:
        while True:
            try:
                kind, value = mine.recv()
            except EOFError:
                process.join(EXIT_WAIT_S)
                raise ModelError(death(process, stage)) from None
            if kind == "result":
                process.join(EXIT_WAIT_S)
                return value
            if kind == "failure":
                raise ModelError(value)
            stage = value[0]
            report(*value)
    finally:
        mine.close()
        if process.is_alive():
            process.kill()
        process.join()
