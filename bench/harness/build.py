"""One `convoy compile`, timed."""

import os
import re
import shutil
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from harness.errors import ModelError, UserError

POLL_S = 0.25


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


def compile_model(convoy, model, name, board, directory, report=lambda stage, share: None, flags=()):
    """Compiles the ONNX file `model` into a Library below `directory`, which is emptied first."""
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    prefix = c_name(name)
    command = [convoy, "compile", model, "--board", board, "-o", directory, "--name", prefix, "--shared", *flags]
    log = directory / "compile.log"
    start = time.perf_counter()
    with log.open("w") as sink:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=sink, stderr=sink)
        try:
            while True:
                report("compiling", None)
                try:
                    process.wait(POLL_S)
                    break
                except subprocess.TimeoutExpired:
                    continue
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
    seconds = time.perf_counter() - start
    if process.returncode:
        raise ModelError(f"convoy compile, exit code {process.returncode}: "
                           f"{last_line(log.read_text(errors='replace'))}")
    library = directory / "lib" / f"lib{prefix}.so"
    if not library.is_file():
        raise ModelError(f"convoy compile wrote no lib/{library.name}")
    return Library(library, prefix, seconds, library.stat().st_size)
