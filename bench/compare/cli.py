"""The command: the loop over the networks, and the files it leaves."""

import datetime
import importlib.util
import os
import shutil
import sys
from pathlib import Path

from compare import isolate, machine, networks, options as command_line, results
from compare.build import check_compiler, compile_network
from compare.engines import REFERENCE, SUBJECT, Convoy, peer_candidates
from compare.errors import NetworkError, UserError
from compare.markdown import markdown
from compare.measure import Job
from compare.plot import write_png
from compare.progress import Progress
from compare.table import TerminalTable, conditions, group_lines, reasons

INTERRUPTED = 130


def find_versions(options):
    """{engine: version}; an error for the first engine that is not installed."""
    versions = {}
    for name in options.engines:
        if name == SUBJECT:
            versions[name] = check_compiler(options.convoy)
        elif importlib.util.find_spec(name) is None:
            raise UserError(f"--engines: no Python package {name}, expected those of requirements-bench.txt")
        else:
            versions[name] = peer_candidates(name)[0].version()
    return versions


def new_report(options, versions, cpus, count):
    """An empty report with the conditions of this run."""
    return results.Report(
        date=datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
        machine=machine.describe(),
        versions=versions,
        options={"threads": options.threads, "cpus": cpus, "batch": options.batch,
                 "seconds": options.seconds, "board": options.board, "networks": count},
        engines=options.engines,
    )


def measure_network(network, options, cpus, versions, report):
    """One row: writes, compiles and measures a network; what fails becomes the row's reason."""
    row = results.Row(network.name, network.family, network.variant)
    directory = options.work / "libraries" / network.name
    try:
        report("writing the ONNX file", None)
        model = networks.onnx_file(network, options.work, options.batch)
        row.macs, row.params = networks.macs_and_params(model)
        contenders = {name: peer_candidates(name) for name in options.engines if name != SUBJECT}
        if options.measure_convoy:
            library = compile_network(options.convoy, model, network.name, options.board, directory, report)
            row.compile_s, row.library_bytes = library.seconds, library.bytes
            convoy = Convoy(library.path, library.prefix, versions[SUBJECT], f"--board {options.board}")
            contenders = {SUBJECT: [convoy], **contenders}
        job = Job(str(model), contenders, REFERENCE, options.threads, options.seconds, cpus)
        for key, value in isolate.measure_apart(job, report).items():
            setattr(row, key, value)
    except NetworkError as error:
        row.status, row.reason = "failed", str(error)
    finally:
        if not options.keep:
            shutil.rmtree(directory, ignore_errors=True)
    return row


def write_files(report, prefix):
    """Writes PREFIX.json, .md and .png; the paths that were written."""
    paths = [Path(f"{prefix}{suffix}") for suffix in (".json", ".md", ".png")]
    results.save(report, paths[0])
    paths[1].write_text(markdown(report))
    if write_png(report, paths[2]):
        return paths
    paths[2].unlink(missing_ok=True)
    return paths[:2]


def ending(report, paths):
    """What the terminal shows below the rows."""
    lines = ["", *conditions(report)]
    groups = group_lines(report.rows)
    lines += ["", *groups] if groups else []
    failures = reasons(report.rows)
    lines += ["", *failures] if failures else []
    return "\n".join([*lines, "", "wrote " + ", ".join(map(str, paths))])


def compare(options, chosen, cpus):
    """Measures the chosen networks; the exit code."""
    report = new_report(options, find_versions(options), cpus, len(chosen))
    table = TerminalTable(report.engines, [network.name for network in chosen])
    progress = Progress(len(chosen))
    paths, interrupted = [], False
    options.out.parent.mkdir(parents=True, exist_ok=True)
    try:
        progress.print(table.header())
        for network in chosen:
            progress.start(network.name)
            row = measure_network(network, options, cpus, report.versions, progress.stage)
            report.rows.append(row)
            report.complete = len(report.rows) == len(chosen)
            progress.finish(table.row(row))
            paths = write_files(report, options.out)
    except KeyboardInterrupt:
        interrupted = True
    finally:
        progress.close()
    if report.rows:
        print(ending(report, paths))
    if interrupted:
        print(f"interrupted after {len(report.rows)} of {len(chosen)} networks", file=sys.stderr)
        return INTERRUPTED
    return 1 if reasons(report.rows) else 0


def render(options):
    """Shows an earlier run again and rewrites its Markdown and PNG; the exit code."""
    report = results.load(options.source)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    table = TerminalTable(report.engines, [row.name for row in report.rows])
    print(table.header())
    for row in report.rows:
        print(table.row(row))
    print(ending(report, write_files(report, options.out)))
    return 0


def run(arguments):
    """Parses and obeys; the exit code."""
    options = command_line.parse(arguments)
    if options.source:
        return render(options)
    chosen = networks.select(options.networks, options.family, networks.catalogue())
    if options.list:
        print("\n".join(network.name for network in chosen))
        return 0
    allowed = os.sched_getaffinity(0)
    cpus = (machine.parse_cpus(options.cpus, options.threads, allowed) if options.cpus
            else machine.choose_cpus(options.threads, allowed))
    return compare(options, chosen, cpus)


def main(arguments=None):
    """Runs the command; an error is one line on stderr and exit code 1."""
    try:
        return run(arguments)
    except UserError as error:
        print(f"compare.py: {error}", file=sys.stderr)
    except OSError as error:
        print(f"compare.py: {error.filename}: {error.strerror}, expected a file that can be used",
              file=sys.stderr)
    except KeyboardInterrupt:
        return INTERRUPTED
    return 1
