"""The command: measures all points, replays the search on their times, and reports."""

import datetime
import json
import os
import subprocess
from pathlib import Path

from harness import machine, session
from harness.build import ask, check_compiler, records_of
from harness.errors import UserError
from search import options as command_line, plot, report as reporting
from search.curves import Kernel

FORMAT = "convoy-search-1"


def measure(options):
    """All points of every layer, in DIR/records.sqlite; the replays' JSON."""
    version = check_compiler(options.convoy)
    if not os.access(options.replay, os.X_OK):
        raise UserError(f"--replay {options.replay}: no such program, expected search_replay of the preset's build")
    options.work.mkdir(parents=True, exist_ok=True)
    database = options.work / "records.sqlite"
    if not options.resume:
        for path in options.work.glob("records.sqlite*"):
            path.unlink()
    environment = os.environ | records_of(None, options.work)
    for number, layer in enumerate(options.layers, 1):
        print(f"{number}/{len(options.layers)} {layer}: every schedule", flush=True)
        more = ["--resume"] if options.resume else []
        ask([options.convoy, "tune", layer, "--board", options.board, "--exhaustive", "--time", options.time,
             "--db", database, *more], env=environment, stdout=subprocess.DEVNULL)
    answer = ask([options.replay, database, *options.layers, "--board", options.board, "--seeds", options.seeds],
                 env=environment, stdout=subprocess.PIPE)
    return {"format": FORMAT,
            "date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
            "machine": machine.describe(), "versions": {"convoy": version},
            "options": {"seeds": options.seeds, "layers": options.layers}, **json.loads(answer)}


def load(path):
    """What an earlier run wrote."""
    try:
        report = json.loads(path.read_text())
    except ValueError as error:
        raise UserError(f"{path}: not JSON ({error}), expected a file of an earlier run") from None
    found = report.get("format") if isinstance(report, dict) else None
    if found != FORMAT:
        raise UserError(f"{path}: format {found!r}, expected {FORMAT!r}")
    return report


def run(arguments):
    """Parses and obeys; the exit code."""
    options = command_line.parse(arguments)
    report = load(options.source) if options.source else measure(options)
    kernels = [Kernel(data) for data in report["kernels"]]
    if not kernels:
        raise UserError(f"{' '.join(report['options']['layers'])}: no kernel of which all schedules are measured, "
                        "expected more --time, or --resume")
    paths = [Path(f"{options.out}{suffix}") for suffix in (".json", ".md", ".png")]
    options.out.parent.mkdir(parents=True, exist_ok=True)
    if options.source != paths[0]:
        paths[0].write_text(json.dumps(report) + "\n")
    paths[1].write_text(reporting.markdown(report, kernels, paths[2].name))
    plot.write_png(report, kernels, paths[2])
    print("\n".join([*reporting.lines(kernels), "", reporting.conditions(report), reporting.bar_line(kernels), "",
                     "wrote " + ", ".join(map(str, paths))]))
    return 0 if all(kernel.held() for kernel in kernels) else 1


def main(arguments=None):
    """Runs the command; its exit code."""
    return session.command("search.py", run, arguments)
