"""The command line."""

import argparse
from pathlib import Path

from compare.engines import REFERENCE, SUBJECT, TITLES
from compare.errors import UserError
from compare.networks import ROOT

DESCRIPTION = """\
Compares whole networks: Convoy against ONNX Runtime and OpenVINO, in one run, in fp32.

Every network is written by models/write.py, compiled by Convoy (timed), and measured in a process of
its own that is pinned to as many processors as there are threads. Each peer runs in the best of several
settings, chosen on that network. Outputs are compared first: a network whose outputs differ from ONNX
Runtime's by more than 1e-4 of their largest magnitude is marked WRONG and is not timed (a peer may differ
by 1e-3). Then the engines take turns in short bursts, in every order, for --seconds.
"""

EPILOG = """\
results, in PREFIX.json, PREFIX.md and PREFIX.png, rewritten after every network:
  a table on the terminal and in Markdown, the samples summarised (min, median, p90, count) in JSON, and
  a plot of time against MACs with the expected times T(S) x MACs / MACs(S). Ctrl-C keeps what is there.

exit code: 0, or 1 when a network is WRONG or FAILED or an argument is, 130 after Ctrl-C.

examples:
  bench/compare.py                                  all 40 networks, one thread
  bench/compare.py 'resnet34_*' mbv2_S --seconds 5  some of them
  bench/compare.py --family mbv1 --threads 4        one family on four cores
  bench/compare.py mine.onnx --engines onnxruntime,openvino
  bench/compare.py --from build/compare/results.json --out docs/results
"""


class Parser(argparse.ArgumentParser):
    """Reports a wrong argument as one line with exit code 1, like every other error."""

    def error(self, message):
        raise UserError(message if "expected" in message else f"{message}, expected what --help lists")


def positive(kind):
    """An argparse type: a number of `kind` above zero."""
    def parse(text):
        try:
            value = kind(text)
        except ValueError:
            value = 0
        if not value > 0:
            raise argparse.ArgumentTypeError(f"found '{text}', expected a number above 0")
        return value
    return parse


def engine_list(text):
    """The engines of --engines, the reference among them."""
    names = list(dict.fromkeys(text.split(",")))
    for name in names:
        if name not in TITLES:
            raise argparse.ArgumentTypeError(f"found '{name}', expected some of {','.join(TITLES)}")
    if REFERENCE not in names:
        raise argparse.ArgumentTypeError(f"found '{text}', expected {REFERENCE} among them (the reference)")
    return [name for name in TITLES if name in names]


def parse(arguments):
    """The options as a namespace; a UserError where they are wrong."""
    parser = Parser(prog="compare.py", description=DESCRIPTION, epilog=EPILOG,
                    formatter_class=argparse.RawDescriptionHelpFormatter)
    what = parser.add_argument_group("what to compare")
    what.add_argument("networks", nargs="*", metavar="NETWORK",
                      help="a name, a pattern such as 'resnet34_*', or an .onnx file (default: all networks)")
    what.add_argument("--family", action="append", metavar="NAME",
                      help="only this family of the chosen networks; may be repeated")
    what.add_argument("--engines", type=engine_list, default=list(TITLES), metavar="LIST",
                      help=f"engines to measure (default: {','.join(TITLES)})")
    what.add_argument("--batch", type=positive(int), default=1, metavar="N",
                      help="batch size of the networks that models/ writes (default: 1)")
    what.add_argument("--list", action="store_true", help="list the chosen networks and stop")
    how = parser.add_argument_group("how to measure")
    how.add_argument("--threads", type=positive(int), default=1, metavar="N",
                     help="threads of every engine, one a core (default: 1)")
    how.add_argument("--cpus", metavar="LIST", help="processors to pin to, such as 2,3 (default: the first cores)")
    how.add_argument("--seconds", type=positive(float), default=10.0, metavar="S",
                     help="measuring time of each network, at least 10 rounds (default: 10)")
    build = parser.add_argument_group("Convoy")
    build.add_argument("--convoy", type=Path, default=ROOT / "build/release/bin/convoy", metavar="PATH",
                       help="the compiler (default: build/release/bin/convoy)")
    build.add_argument("--board", default="host", help="the board to compile for (default: host)")
    build.add_argument("--keep", action="store_true", help="keep the compiled libraries in DIR/libraries")
    files = parser.add_argument_group("files")
    files.add_argument("--work", type=Path, default=ROOT / "build/compare", metavar="DIR",
                       help="ONNX files, reused when they are there, and libraries (default: build/compare)")
    files.add_argument("--out", type=Path, metavar="PREFIX",
                       help="where the results go (default: DIR/results, DIR as for --work)")
    files.add_argument("--from", dest="source", type=Path, metavar="JSON",
                       help="measure nothing: table, Markdown and PNG of an earlier run")
    options = parser.parse_args(arguments)
    if options.source and options.networks:
        raise UserError(f"--from {options.source}: with networks to measure, expected one or the other")
    if options.source and not options.out:
        options.out = options.source.with_suffix("")
    options.work = options.work.resolve()
    options.convoy = options.convoy.resolve()
    options.out = options.out or options.work / "results"
    options.measure_convoy = SUBJECT in options.engines
    return options
