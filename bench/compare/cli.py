"""The command: what it adds to a session, and how one network is measured."""

from compare import networks, options as command_line
from compare.markdown import markdown
from compare.plot import write_png
from compare.row import FORMAT, NetworkRow
from compare.table import columns, group_lines
from harness import isolate, session
from harness.build import compile_model
from harness.engines import REFERENCE, SUBJECT, Convoy, peer_candidates
from harness.measure import Job


class Comparison(session.Session):
    """Whole networks."""

    row_kind = NetworkRow
    format_name = FORMAT
    first_column = "network"
    counted = "networks"

    def columns(self, report):
        return columns(report.engines)

    def ending(self, report):
        return group_lines(report.rows)

    def markdown(self, report, picture):
        return markdown(report)

    def write_png(self, report, path):
        return write_png(report, path)


def measure_network(network, options, cpus, versions, report):
    """One row: writes, compiles and measures a network; what fails becomes the row's reason."""
    row = NetworkRow(network.name, family=network.family, variant=network.variant)
    directory = options.work / "libraries" / network.name
    with session.failures_into(row, directory, options.keep):
        report("writing the ONNX file", None)
        model = networks.onnx_file(network, options.work, options.batch)
        row.macs, row.params = networks.macs_and_params(model)
        contenders = {name: peer_candidates(name) for name in options.engines if name != SUBJECT}
        if SUBJECT in options.engines:
            library = compile_model(options.convoy, model, network.name, options.board, directory, report)
            row.compile_s, row.library_bytes = library.seconds, library.bytes
            convoy = Convoy(library.path, library.prefix, versions[SUBJECT], f"--board {options.board}")
            contenders = {SUBJECT: [convoy], **contenders}
        job = Job(str(model), contenders, REFERENCE, options.threads, options.seconds, cpus)
        for key, value in isolate.measure_apart(job, report).items():
            setattr(row, key, value)
    return row


def run(arguments):
    """Parses and obeys; the exit code."""
    options = command_line.parse(arguments)
    comparison = Comparison()
    if options.source:
        return comparison.render(options.source, options.out)
    chosen = {network.name: network for network in
              networks.select(options.networks, options.family, networks.catalogue(options.suite))}
    if options.list:
        print("\n".join(chosen))
        return 0
    cpus = session.processors(options)
    report = session.new_report(options, cpus, len(chosen))

    def measure_row(name, progress):
        return measure_network(chosen[name], options, cpus, report.versions, progress)
    return comparison.measure(report, list(chosen), measure_row, options.out)


def main(arguments=None):
    """Runs the command; its exit code."""
    return session.command("compare.py", run, arguments)
