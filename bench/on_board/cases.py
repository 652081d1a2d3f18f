"""What is measured: a layer or a network, compiled for the board, with an input and the output it should have."""

import fnmatch
import json
import os
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from harness.arrays import random_inputs
from harness.build import last_line
from harness.errors import UserError
from layers import model, shapes
from on_board.options import SHAPES


@dataclass
class Case:
    """`chain` is how many equal layers its time is shared by; `symbol` is the library's name in C."""

    name: str
    file: Path
    symbol: str
    chain: int = 1
    folder: Path = None
    manifest: dict = field(default_factory=dict)
    inputs: list = field(default_factory=list)
    expected: list = field(default_factory=list)

    def on(self, board):
        """The manifest's part about a board."""
        return next(entry for entry in self.manifest["boards"] if entry["board"] == board)


def choose(requests, work):
    """[(name, ONNX file, chain)] of what was asked for, without repeats; layers' files are written to `work`."""
    known, chosen = shapes.read(SHAPES), {}
    for request in requests:
        if request.endswith(".onnx"):
            if not Path(request).is_file():
                raise UserError(f"{request}: no such file, expected an ONNX model")
            chosen[request] = (Path(request).stem, Path(request), 1)
            continue
        found = [layer for layer in known if fnmatch.fnmatchcase(layer.text, request)] or [shapes.parse(request)]
        for layer in found:
            chosen[layer.text] = (layer.text, model.write(layer, work / "models"), layer.chain)
    names = [name for name, _, _ in chosen.values()]
    for name in names:
        if names.count(name) > 1:
            raise UserError(f"{name}: two models of this name, expected each once")
    return list(chosen.values())


def outputs_of(file, options):
    """(random inputs, ONNX Runtime's outputs) of a model."""
    import onnxruntime
    session_options = onnxruntime.SessionOptions()
    session_options.log_severity_level = 3
    session_options.intra_op_num_threads = len(os.sched_getaffinity(0))
    try:
        session = onnxruntime.InferenceSession(str(file), session_options, providers=["CPUExecutionProvider"])
        inputs = random_inputs([[int(size) for size in entry.shape] for entry in session.get_inputs()])
        outputs = session.run(None, dict(zip([entry.name for entry in session.get_inputs()], inputs)))
    except Exception as error:
        raise UserError(f"{file}: ONNX Runtime cannot run it: {last_line(str(error))}, expected a float32 model "
                        "with fixed dims") from None
    return inputs, [np.ascontiguousarray(output, np.float32) for output in outputs]


def compile_case(name, file, chain, symbol, options):
    """The Case, compiled for the board."""
    folder = options.work / "libraries" / symbol
    shutil.rmtree(folder, ignore_errors=True)
    command = [options.convoy, "compile", file, "--board", options.board, "-o", folder, "--name", symbol, "--quiet"]
    answer = subprocess.run([*command, *(["--no-winograd"] if options.no_winograd else [])], capture_output=True,
                            text=True, errors="replace")
    if answer.returncode:
        raise UserError(f"{name}: {last_line(answer.stderr)}")
    manifest = json.loads((folder / "share" / f"{symbol}.json").read_text())
    systems = [library["system"] for library in manifest["libraries"]]
    if len(systems) > 1:
        raise UserError(f"--board {options.board}: boards of {' and '.join(systems)}, expected those of one system")
    inputs, expected = outputs_of(file, options)
    return Case(name, file, symbol, chain, folder, manifest, inputs, expected)
