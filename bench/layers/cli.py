"""The command: what it adds to a session, and how one layer is measured."""

import fnmatch
import subprocess

from harness import session
from harness.build import check_compiler, records_of
from harness.engines import DIRECT, NCNN_DIRECT, SUBJECT, UNTUNED
from harness.errors import UserError
from layers import bars, measuring, model, options as command_line, shapes
from layers.markdown import markdown
from layers.measuring import Variant
from layers.plot import write_png
from layers.row import FORMAT, LayerRow
from layers.table import bar_lines, columns, kept_to, roofline_line, unexplained


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


def check_no_winograd(options):
    """An error where the compiler does not know --no-winograd."""
    answer = subprocess.run([options.convoy, "compile", "--help"], capture_output=True, text=True, errors="replace")
    if "--no-winograd" not in answer.stdout:
        raise UserError(f"--no-winograd: {options.convoy} compile has no such option, expected a newer compiler")


def variants(options):
    """How Convoy's engines are compiled."""
    records = tuple(word for file in options.records for word in ("--records", file))
    made = {SUBJECT: Variant("chosen", records)}
    if options.no_winograd:
        made[DIRECT] = Variant("direct", ("--no-winograd", *records))
    if options.untuned:
        made[UNTUNED] = Variant("untuned", environment=records_of(None, options.work))
    return made


def measure_layer(layer, options, cpus, report, progress):
    """One row: writes, compiles and measures a layer; what fails becomes the row's reason."""
    row = measuring.new_row(layer, report)
    engines = [name for name in report.engines if name not in (DIRECT, NCNN_DIRECT) or bars.is_wide_3x3(layer)]
    with session.failures_into(row, options.work / "libraries", options.keep):
        file = model.write(layer, options.work / "models")
        measuring.measure_into(row, file, engines, variants(options), options, cpus, report, progress)
    return row


def measure_board(options, chosen, cpus):
    """Measures the chosen layers on one board; the exit code."""
    report = session.new_report(options, cpus, len(chosen), **measuring.board_facts(options, cpus))
    report.engines = [*(variants(options) if SUBJECT in report.engines else ()),
                      *(name for name in report.engines if name != SUBJECT)]
    if options.no_winograd and "ncnn" in report.engines:
        report.engines.append(NCNN_DIRECT)
    out = command_line.DOCS / f"layers-{report.options['isa']}" if options.write_docs else options.out

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
