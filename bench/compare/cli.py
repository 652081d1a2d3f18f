"""The command: what it adds to a session, and how one network is measured."""

from compare import beside, limits, networks, options as command_line
from compare import plot_expected, plot_variants
from compare.left_out import left_out_lines
from compare.markdown import markdown
from compare.plot import write_png
from compare.row import FORMAT, NetworkRow
from compare.table import columns, group_lines, scaling_lines
from harness import isolate, session
from harness.build import compile_model
from harness.engines import DIRECT, REFERENCE, SUBJECT, Convoy, network_candidates
from harness.measure import Job, left_out

FLAGS = {SUBJECT: (), DIRECT: ("--no-winograd",)}  # Convoy's engines, and how each is compiled


class Comparison(session.Session):
    """Whole networks."""

    row_kind = NetworkRow
    format_name = FORMAT
    first_column = "network"
    counted = "networks"

    def columns(self, report):
        return columns(report)

    def ending(self, report):
        blocks = (beside.lines(report), group_lines(report), limits.lines(report), scaling_lines(report),
                  left_out_lines(report.rows))
        lines = [line for block in blocks if block for line in ("", *block)]
        return lines[1:]

    def markdown(self, report, picture):
        return markdown(report)

    def write_png(self, report, path):
        return write_png(report, path)

    def pictures(self):
        return {**super().pictures(), "-expected.png": plot_expected.write_png,
                "-variants.png": plot_variants.write_png}


def dispensable(engines):
    """The peers that a row can do without: all but the one that outputs are compared with."""
    return tuple(name for name in engines if not name.startswith(SUBJECT) and name != REFERENCE)


def compile_convoys(row, model, options, versions, directory, report):
    """{engine: its one setting} of Convoy's engines, each compiled from the ONNX file in its own way."""
    made = {}
    threads = ("--threads", str(options.threads)) if options.threads > 1 else ()
    for name in options.engines:
        if name not in FLAGS:
            continue
        flags = (*FLAGS[name], *threads)
        library = compile_model(options.convoy, model, row.name, options.board, directory / name, report, flags)
        if name == SUBJECT:
            row.compile_s, row.library_bytes = library.seconds, library.bytes
        setting = " ".join([f"--board {options.board}", *flags])
        convoy = Convoy(library.path, library.prefix, versions[name], setting)
        convoy.name = name
        made[name] = [convoy]
    return made


def measure_network(network, options, cpus, versions, report):
    """One row: writes, compiles and measures a network; what fails becomes the row's reason, or an engine's."""
    row = NetworkRow(network.name, family=network.family, variant=network.variant)
    directory = options.work / "libraries" / network.name
    with session.failures_into(row, directory, options.keep):
        report("writing the ONNX file", None)
        model = networks.onnx_file(network, options.work, options.batch)
        row.macs, row.params = networks.macs_and_params(model)
        candidates = {name: network_candidates(name) for name in options.engines if name not in FLAGS}
        absent = {name: left_out(f"no Python package {settings[0].missing()}")
                  for name, settings in candidates.items() if versions.get(name) == session.ABSENT}
        contenders = compile_convoys(row, model, options, versions, directory, report)
        contenders |= {name: settings for name, settings in candidates.items() if name not in absent}
        job = Job(str(model), contenders, REFERENCE, options.threads, options.seconds, cpus,
                  dispensable=dispensable(options.engines), scratch=directory / "scratch")
        for key, value in isolate.measure_survivors(job, report).items():
            setattr(row, key, value)
        row.engines |= absent
    return row


def join(report, options):
    """Puts what is told of other files' runs among a report's options, which its JSON keeps."""
    if options.beside:
        report.options["beside"] = beside.read(options.beside)
    if options.profiles:
        report.options["profiles"] = limits.read(options.profiles, report.options)


def run(arguments):
    """Parses and obeys; the exit code."""
    options = command_line.parse(arguments)
    comparison = Comparison()
    if options.source:
        return comparison.render(options.source, options.out, lambda report: join(report, options))
    chosen = {network.name: network for network in
              networks.select(options.networks, options.family, networks.catalogue(options.suite))}
    if options.list:
        print("\n".join(chosen))
        return 0
    cpus = session.processors(options)
    versions = session.find_versions(options.engines, options.convoy, network_candidates, dispensable(options.engines))
    report = session.new_report(options, cpus, len(chosen), versions)
    join(report, options)

    def measure_row(name, progress):
        return measure_network(chosen[name], options, cpus, report.versions, progress)
    return comparison.measure(report, list(chosen), measure_row, options.out)


def main(arguments=None):
    """Runs the command; its exit code."""
    return session.command("compare.py", run, arguments)
