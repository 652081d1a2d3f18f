"""The command: what it adds to a session, and how one network is profiled."""

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from compare import networks
from compare.left_out import left_out_lines
from harness import session
from harness.build import ask, compile_model
from harness.engines import REFERENCE, SUBJECT, Convoy, network_candidates
from harness.errors import ModelError
from harness.measure import input_shapes, left_out
from profiles import options as command_line, start
from profiles.markdown import markdown
from profiles.plot import write_png
from profiles.row import FORMAT, ProfileRow
from profiles.steps import merged
from profiles.table import columns, summary_lines


class Profile(session.Session):
    """Whole networks."""

    row_kind = ProfileRow
    format_name = FORMAT
    first_column = "network"
    counted = "networks"

    def columns(self, report):
        return columns(report.engines)

    def ending(self, report):
        out = left_out_lines(report.rows)
        return summary_lines(report) + (["", *out] if out else [])

    def markdown(self, report, picture):
        return markdown(report, picture)

    def write_png(self, report, path):
        return write_png(report, path)


@dataclass
class Conditions:
    """How every process of a network's row runs."""

    threads: int
    cpus: list
    scratch: Path


def weigh(row, library):
    """Fills in what the library and its manifest say about sizes."""
    manifest = json.loads((library.path.parents[1] / "share" / f"{library.prefix}.json").read_text())
    row.compile_s, row.library_bytes = library.seconds, library.bytes
    row.weight_bytes, row.packed_bytes = 4 * manifest["parameters"], manifest["weight_bytes"]


def time_steps(row, convoy, library, conditions, seconds):
    """Fills in what `convoy bench` says of the library."""
    place = library.path.parents[1] / library.prefix
    answer = ask([convoy, "bench", place, "--json", "--threads", conditions.threads, "--seconds", seconds], ModelError,
                 stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                 preexec_fn=lambda: os.sched_setaffinity(0, conditions.cpus))
    bench = json.loads(answer)
    row.macs, row.run_us = bench["macs"], bench["median_us"]
    row.steps = merged(bench["steps"], conditions.threads)


def start_engines(row, model, library, options, versions, conditions, report):
    """Fills in what each engine takes to start; the one that outputs are compared with goes first."""
    shapes = input_shapes(model)
    reference = None
    for name in sorted(options.engines, key=lambda name: name != REFERENCE):
        if name == SUBJECT:
            engine = Convoy(library.path, library.prefix, versions[name], f"--board {options.board}")
            row.engines[name], _ = start.started(engine, model, shapes, conditions, reference, row.packed_bytes, report)
            continue
        settings = network_candidates(name)
        if versions[name] == session.ABSENT:
            row.engines[name] = left_out(f"no Python package {settings[0].missing()}")
            continue
        row.engines[name], outputs = start.first_that_works(settings, model, shapes, conditions, reference, report)
        if name == REFERENCE:
            reference = outputs


def profile_network(network, options, cpus, versions, report):
    """One row: writes, compiles, times and starts a network; what fails becomes the row's reason, or a peer's."""
    row = ProfileRow(network.name)
    directory = options.work / "libraries" / network.name
    with session.failures_into(row, directory, options.keep):
        report("writing the ONNX file", None)
        model = networks.onnx_file(network, options.work, options.batch)
        library = compile_model(options.convoy, model, row.name, options.board, directory / SUBJECT, report)
        conditions = Conditions(options.threads, cpus, directory / "scratch")
        weigh(row, library)
        report("timing the steps", None)
        time_steps(row, options.convoy, library, conditions, options.seconds)
        start_engines(row, model, library, options, versions, conditions, report)
    return row


def run(arguments):
    """Parses and obeys; the exit code."""
    options = command_line.parse(arguments)
    profile = Profile()
    if options.source:
        return profile.render(options.source, options.out)
    known = networks.catalogue(options.suite)
    chosen = {network.name: network for network in networks.select(options.networks, None, known)}
    cpus = session.processors(options)
    peers = [name for name in options.engines if name != SUBJECT]
    versions = session.find_versions(options.engines, options.convoy, network_candidates, peers)
    report = session.new_report(options, cpus, len(chosen), versions)

    def measure_row(name, progress):
        return profile_network(chosen[name], options, cpus, versions, progress)
    return profile.measure(report, list(chosen), measure_row, options.out)


def main(arguments=None):
    """Runs the command; its exit code."""
    return session.command("profiles.py", run, arguments)
