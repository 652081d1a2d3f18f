"""How one layer is compiled, in one way or several, and measured beside the peers."""

import subprocess
from dataclasses import asdict, dataclass, field

from harness import isolate, machine
from harness.build import check_compiler, compile_model
from harness.engines import REFERENCE, SUBJECT, Convoy, peer_candidates
from harness.errors import UserError
from harness.measure import Job
from layers import roofline
from layers.row import LayerRow

WINOGRAD_TOLERANCE = 1e-3
ISAS = {16: "avx512", 8: "avx2"}


@dataclass(frozen=True)
class Variant:
    """A way to compile Convoy's code: its folder of libraries, more options, and what it adds to the environment."""

    folder: str
    flags: tuple = ()
    environment: dict = field(default_factory=dict)


def vector_floats(options):
    """Floats in a vector of the board, from the table that `convoy boards` prints."""
    check_compiler(options.convoy)
    answer = subprocess.run([options.convoy, "boards"], capture_output=True, text=True, errors="replace")
    boards = {words[0]: words[1] for words in map(str.split, answer.stdout.splitlines()[1:]) if len(words) > 1}
    if options.board not in boards:
        raise UserError(f"--board {options.board}: expected one of {', '.join(boards)}")
    return int(boards[options.board])


def board_facts(options, cpus):
    """What a report's options hold of the board: its instruction set, the roofline, and what OpenVINO is held to."""
    floats = vector_floats(options)
    isa = ISAS.get(floats, f"{floats} floats")
    wider = "avx512f" in machine.describe()["flags"]
    return {"isa": isa, "openvino_isa": "AVX2" if isa == "avx2" and wider else None,
            "roofline": asdict(roofline.measure(floats, cpus))}


def new_row(layer, report, kind=LayerRow):
    """The row of a layer, not measured yet."""
    least_us = roofline.Roofline(**report.options["roofline"]).least_us(layer)
    return kind(layer.text, layer.macs, least_us=least_us)


def convoy_engine(row, file, variant, options, report, progress):
    """(the engine, its Library) for Convoy's code of a row's layer, compiled in one way."""
    directory = options.work / "libraries" / variant.folder / row.name
    library = compile_model(options.convoy, file, row.name, options.board, directory, progress, variant.flags,
                            variant.environment)
    setting = " ".join(["--board", options.board, *map(str, variant.flags)])
    return Convoy(library.path, library.prefix, report.versions.get(SUBJECT), setting), library


def measure_into(row, file, engines, variants, options, cpus, report, progress):
    """Measures the ONNX file in all `engines` beside one another; those of Convoy are compiled as `variants` has it."""
    contenders = {}
    for name in engines:
        if name not in variants:
            contenders[name] = peer_candidates(name, report.options["openvino_isa"])
            continue
        engine, library = convoy_engine(row, file, variants[name], options, report, progress)
        contenders[name] = [engine]
        if name == SUBJECT:
            row.compile_s, row.library_bytes = library.seconds, library.bytes
    job = Job(str(file), contenders, REFERENCE, options.threads, options.seconds, cpus, WINOGRAD_TOLERANCE)
    for key, value in isolate.measure_apart(job, progress).items():
        setattr(row, key, value)
