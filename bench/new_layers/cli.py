"""The command: what it adds to a session, and how one layer is tuned and measured."""

from harness import session
from harness.build import records_of, run_logged
from harness.engines import SUBJECT, UNTUNED
from layers import measuring, model, shapes
from layers.measuring import Variant
from layers.options import SHAPES as LISTED
from new_layers import options as command_line, report as reporting
from new_layers.draw import draw
from new_layers.row import FORMAT, NewLayerRow
from tuning import found as finding


class Comparison(session.Session):
    """Layers that were tuned from nothing."""

    row_kind = NewLayerRow
    format_name = FORMAT
    first_column = "layer"
    counted = "layers"

    def columns(self, report):
        return reporting.columns(report.engines)

    def ending(self, report):
        return reporting.ending(report)

    def markdown(self, report, picture):
        return reporting.markdown(report, picture)

    def write_png(self, report, path):
        return reporting.write_png(report, path)


def tune(row, file, options, progress):
    """Tunes an ONNX file from nothing; the database that has its records."""
    folder = options.work / "tuned"
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob(f"{row.name}.*"):
        old.unlink()
    database, found, log = (folder / f"{row.name}.{kind}" for kind in ("sqlite", "json", "log"))
    command = [options.convoy, "tune", file, "--board", options.board, "--time", options.time, "--db", database,
               "--json", found]
    row.tuning_s = run_logged(command, log, lambda: progress("tuning", None), records_of(None, options.work))
    tuned = finding.load(found)
    row.near_s = tuned.seconds_to(finding.NEAR)
    row.measurements = sum(kernel.measurements for kernel in tuned.kernels)
    return database


def measure_layer(layer, options, cpus, report, progress):
    """One row: writes, tunes, compiles and measures a layer; what fails becomes the row's reason."""
    row = measuring.new_row(layer, report, NewLayerRow)
    with session.failures_into(row, options.work / "libraries", options.keep):
        file = model.write(layer, options.work / "models")
        variants = {}
        if SUBJECT in report.engines:
            database = tune(row, file, options, progress)
            variants = {SUBJECT: Variant("tuned", environment=records_of(database, options.work)),
                        UNTUNED: Variant("untuned", environment=records_of(None, options.work))}
        measuring.measure_into(row, file, report.engines, variants, options, cpus, report, progress)
    return row


def run(arguments):
    """Parses and obeys; the exit code."""
    options = command_line.parse(arguments)
    if options.source:
        return Comparison().render(options.source, options.out)
    layers = [shapes.parse(text) for text in options.layers]
    seed = None if layers else options.seed
    chosen = {layer.text: layer for layer in layers or draw(options.count, seed, shapes.read(LISTED))}
    if options.list:
        print("\n".join(chosen))
        return 0
    cpus = session.processors(options)
    report = session.new_report(options, cpus, len(chosen), seed=seed, time=options.time,
                                **measuring.board_facts(options, cpus))
    if SUBJECT in report.engines:
        report.engines.insert(report.engines.index(SUBJECT) + 1, UNTUNED)

    def measure_row(name, progress):
        return measure_layer(chosen[name], options, cpus, report, progress)
    return Comparison().measure(report, list(chosen), measure_row, options.out)


def main(arguments=None):
    """Runs the command; its exit code."""
    return session.command("new_layers.py", run, arguments)
