"""The command: what it adds to a session, and how one layer is measured."""

import fnmatch
import subprocess
from dataclasses import asdict

from harness import isolate, machine, session
from harness.build import check_compiler, compile_model
from harness.engines import DIRECT, NCNN_DIRECT, REFERENCE, SUBJECT, Convoy, peer_candidates
from harness.errors import UserError
from harness.measure import Job
from layers import bars, model, options as command_line, roofline, shapes
from layers.markdown import markdown
from layers.plot import write_png
from layers.row import FORMAT, LayerRow
from layers.table import bar_lines, columns, kept_to, roofline_line, unexplained

WINOGRAD_TOLERANCE = 1e-3
ISAS = {16: "avx512", 8: "avx2"}


class Comparison(session.Session):
    """Single layers."""

    row_kind = LayerRow
    format_name = FORMAT
    first_column = "layer"
    counted = "layers"

    def columns(self, report):
        return columns(report.engines)

    def ending(self, report):
        said = [line for line in (kept_to(report), roofline_line(report)) if line]
        made = bar_lines(report.rows)
        missing = unexplained(report.rows, report.options["isa"])
        return [*said, *([""] if made else []), *made, *([""] if missing else []), *missing]

    def markdown(self, report, picture):
        return markdown(report, picture)

    def write_png(self, report, path):
        return write_png(report, path)


def choose(requests, known):
    """The layers for descriptors and patterns, without repeats; all that are `known` when there are none."""
    chosen = {}
    for request in requests or ["*"]:
        found = [layer for layer in known if fnmatch.fnmatchcase(layer.text, request)] or [shapes.parse(request)]
        chosen |= {layer.text: layer for layer in found}
    return chosen


def vector_floats(options):
    """Floats in a vector of the board, from the table that `convoy boards` prints."""
    check_compiler(options.convoy)
    answer = subprocess.run([options.convoy, "boards"], capture_output=True, text=True, errors="replace")
    boards = {words[0]: words[1] for words in map(str.split, answer.stdout.splitlines()[1:]) if len(words) > 1}
    if options.board not in boards:
        raise UserError(f"--board {options.board}: expected one of {', '.join(boards)}")
    return int(boards[options.board])


def check_no_winograd(options):
    """An error where the compiler does not know --no-winograd."""
    answer = subprocess.run([options.convoy, "compile", "--help"], capture_output=True, text=True, errors="replace")
    if "--no-winograd" not in answer.stdout:
        raise UserError(f"--no-winograd: {options.convoy} compile has no such option, expected a newer compiler")


def compiled(layer, file, options, version, report, direct=False):
    """(the engine, its Library) for Convoy's code of a layer, direct or as the compiler chooses."""
    flags = ["--no-winograd"] if direct else []
    directory = options.work / "libraries" / ("direct" if direct else "chosen") / layer.text
    library = compile_model(options.convoy, file, layer.text, options.board, directory, report, flags)
    return Convoy(library.path, library.prefix, version, " ".join([f"--board {options.board}", *flags])), library


def measure_layer(layer, options, cpus, report, progress):
    """One row: writes, compiles and measures a layer; what fails becomes the row's reason."""
    roof = roofline.Roofline(**report.options["roofline"])
    row = LayerRow(layer.text, layer.macs, least_us=roof.least_us(layer))
    version = report.versions.get(SUBJECT)
    contenders = {}
    with session.failures_into(row, options.work / "libraries", options.keep):
        file = model.write(layer, options.work / "models")
        for name in report.engines:
            if name in (DIRECT, NCNN_DIRECT) and not bars.is_wide_3x3(layer):
                continue
            if name == SUBJECT:
                engine, library = compiled(layer, file, options, version, progress)
                row.compile_s, row.library_bytes = library.seconds, library.bytes
                contenders[name] = [engine]
            elif name == DIRECT:
                contenders[name] = [compiled(layer, file, options, version, progress, direct=True)[0]]
            else:
                contenders[name] = peer_candidates(name, report.options["openvino_isa"])
        job = Job(str(file), contenders, REFERENCE, options.threads, options.seconds, cpus, WINOGRAD_TOLERANCE)
        for key, value in isolate.measure_apart(job, progress).items():
            setattr(row, key, value)
    return row


def measure_board(options, chosen, cpus):
    """Measures the chosen layers on one board; the exit code."""
    floats = vector_floats(options)
    isa = ISAS.get(floats, f"{floats} floats")
    wider = "avx512f" in machine.describe()["flags"]
    report = session.new_report(
        options, cpus, len(chosen), isa=isa, openvino_isa="AVX2" if isa == "avx2" and wider else None,
        roofline=asdict(roofline.measure(floats, cpus)))
    if options.no_winograd:
        report.engines.insert(report.engines.index(SUBJECT) + 1, DIRECT)
        report.engines += [NCNN_DIRECT] if "ncnn" in report.engines else []
    out = command_line.DOCS / f"layers-{isa}" if options.write_docs else options.out

    def measure_row(name, progress):
        return measure_layer(chosen[name], options, cpus, report, progress)
    return Comparison().measure(report, list(chosen), measure_row, out)


def run(arguments):
    """Parses and obeys; the exit code."""
    options = command_line.parse(arguments)
    if options.source:
        return Comparison().render(options.source, options.out)
    chosen = choose(options.layers, shapes.read(options.shapes))
    if options.list:
        print("\n".join(chosen))
        return 0
    if options.no_winograd:
        check_compiler(options.convoy)
        check_no_winograd(options)
    cpus = session.processors(options)
    code = 0
    for options.board in options.boards:
        code = measure_board(options, chosen, cpus) or code
        if code == session.INTERRUPTED:
            break
    return code


def main(arguments=None):
    """Runs the command; its exit code."""
    return session.command("layers.py", run, arguments)
