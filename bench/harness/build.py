"""One `convoy compile`, timed, other commands, and the records that they take."""

import contextlib
import os
import re
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from harness.errors import ModelError, UserError

INTERRUPTED = 130  # the exit code after Ctrl-C
POLL_S = 0.25
EXIT_WAIT_S = 5


@dataclass
class Library:
    """A compiled model: the shared library and what it cost."""

    path: Path
    prefix: str
    seconds: float
    bytes: int


def c_name(name):
    """A model's name as a C identifier."""
    cleaned = re.sub(r"\W", "_", name, flags=re.ASCII)
    return f"n_{cleaned}" if cleaned[:1].isdigit() else cleaned


def check_compiler(convoy):
    """The compiler's version; an error where there is no compiler to run."""
    if not (convoy.is_file() and os.access(convoy, os.X_OK)):
        raise UserError(f"--convoy {convoy}: no such program, expected the convoy compiler "
                        "(cmake --build --preset release)")
    answer = subprocess.run([convoy, "--version"], capture_output=True, text=True, errors="replace")
    words = answer.stdout.split("\n")[0].split()
    return " ".join(words[words[:1] == ["convoy"]:]) if answer.returncode == 0 and words else "unknown"


def last_line(text):
    """The last line that says something."""
    return next((line.strip() for line in reversed(text.splitlines()) if line.strip()), "no message")


def ask(command, failure=UserError, **more):
    """Runs a program to its end; its output where it is captured, or a `failure` with its last line."""
    answer = subprocess.run([str(word) for word in command], text=True, errors="replace", stdin=subprocess.DEVNULL, **more)
    if answer.returncode == INTERRUPTED:
        raise KeyboardInterrupt
    if answer.returncode:
        said = f": {last_line(answer.stderr)}" if answer.stderr else ""
        raise failure(f"{command[0]} {command[1]}: exit code {answer.returncode}{said}, expected success")
    return answer.stdout


def records_of(database, folder):
    """The environment in which the compiler takes no records but those of `database`, None for none at all.

    Neither the user's records nor the project's count then. `folder` receives what stands for them.
    """
    empty = folder / "no-records"
    empty.mkdir(parents=True, exist_ok=True)
    return {"CONVOY_RECORDS": str(empty), "CONVOY_RECORDS_DB": str(database or folder / "no-records.sqlite")}


def run_logged(command, log, report, environment=None):
    """Runs the compiler with its output in the file `log`, calling `report()` meanwhile; its seconds.

    It is interrupted with us, and then has time to take its files away.
    """
    start = time.perf_counter()
    with log.open("w") as sink:
        process = subprocess.Popen([str(word) for word in command], stdin=subprocess.DEVNULL, stdout=sink, stderr=sink,
                                   env=os.environ | (environment or {}))
        try:
            while process.poll() is None:
                report()
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(POLL_S)
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGINT)
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(EXIT_WAIT_S)
                process.kill()
                process.wait()
    seconds = time.perf_counter() - start
    if process.returncode:
        raise ModelError(f"convoy {command[1]}, exit code {process.returncode}: "
                         f"{last_line(log.read_text(errors='replace'))}")
    return seconds


def compile_model(convoy, model, name, board, directory, report=lambda stage, share: None, flags=(), environment=None):
    """Compiles the ONNX file `model` into a Library below `directory`, which is emptied first."""
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    prefix = c_name(name)
    command = [convoy, "compile", model, "--board", board, "-o", directory, "--name", prefix, "--shared", *flags]
    seconds = run_logged(command, directory / "compile.log", lambda: report("compiling", None), environment)
    library = directory / "lib" / f"lib{prefix}.so"
    if not library.is_file():
        raise ModelError(f"convoy compile wrote no lib/{library.name}")
    return Library(library, prefix, seconds, library.stat().st_size)
