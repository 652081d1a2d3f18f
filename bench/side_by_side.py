#!/usr/bin/env python3
"""Times one compiled network beside ONNX Runtime: side_by_side.py MODEL.onnx DIR/NAME [--seconds S]

DIR/NAME is a library that `convoy compile MODEL.onnx --shared -o DIR --name NAME` wrote. One thread each, on
one processor; outputs are compared first, then the two take turns in short bursts. compare.py is the
comparison of many networks and engines.
"""

import argparse
import os
import sys
from pathlib import Path

from harness import isolate, machine
from harness.engines import REFERENCE, SUBJECT, Convoy, peer_candidates
from harness.errors import ModelError, UserError
from harness.measure import Job


def arguments():
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path, metavar="MODEL", help="the ONNX file")
    parser.add_argument("library", type=Path, metavar="DIR/NAME", help="the library compiled from it")
    parser.add_argument("--seconds", type=float, default=5.0, metavar="S", help="measuring time (default: 5)")
    return parser.parse_args()


def measure(options):
    """What compare.measure returns, for Convoy and ONNX Runtime."""
    shared = options.library.parent / "lib" / f"lib{options.library.name}.so"
    for file in (options.model, shared):
        if not file.is_file():
            raise UserError(f"{file}: no such file")
    contenders = {SUBJECT: [Convoy(shared, options.library.name)], REFERENCE: peer_candidates(REFERENCE)}
    cpus = machine.choose_cpus(1, os.sched_getaffinity(0))
    return isolate.measure_apart(Job(str(options.model), contenders, REFERENCE, 1, options.seconds, cpus))


def table(result):
    """The lines to print."""
    mine, peer = result["engines"][SUBJECT], result["engines"][REFERENCE]
    rows = [("", "Convoy", "ONNX Runtime")]
    for title, key in (("time, median", "median_ms"), ("time, minimum", "min_ms")):
        rows.append((title, f"{mine[key]:.2f} ms", f"{peer[key]:.2f} ms"))
    rows.append(("largest relative difference", f"{mine['error']:.1e}", ""))
    rows.append(("runs", str(mine["count"]), str(peer["count"])))
    lines = [f"{first:<28}{second:>14}{third:>16}".rstrip() for first, second, third in rows]
    ratio = peer["median_ms"] / mine["median_ms"]
    told = f"{ratio:.2f} times as fast as" if ratio >= 1 else f"{1 / ratio:.2f} times as slow as"
    return [*lines, "", f"Convoy is {told} ONNX Runtime here ({machine.describe()['cpu']}, one thread)."]


def main():
    """Prints the table; an error is one line and exit code 1."""
    try:
        result = measure(arguments())
    except (UserError, ModelError) as error:
        sys.exit(f"side_by_side.py: {error}")
    if result["status"] != "ok":
        sys.exit(f"side_by_side.py: {result['status']}: {result['reason']}")
    print("\n".join(table(result)))


if __name__ == "__main__":
    main()
