"""The command-line options that the commands share."""

import argparse
from pathlib import Path

from harness.engines import REFERENCE
from harness.errors import UserError

ROOT = Path(__file__).resolve().parents[2]


class Parser(argparse.ArgumentParser):
    """Reports a wrong argument as one line with exit code 1, like every other error."""

    def __init__(self, **rest):
        super().__init__(formatter_class=argparse.RawDescriptionHelpFormatter, **rest)

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


def engine_list(known, needed=REFERENCE, everything=()):
    """An argparse type: some of the `known` engines, the `needed` one among them, in their order; the word "all" stands for
    those in `everything`, where there are any."""
    def parse(text):
        names = [name for word in text.split(",")
                 for name in (everything if everything and word == "all" else (word,))]
        for name in names:
            if name not in known:
                raise argparse.ArgumentTypeError(f"found '{name}', expected some of {','.join(known)}")
        if needed not in names:
            raise argparse.ArgumentTypeError(f"found '{text}', expected {needed} among them")
        return [name for name in known if name in names]
    return parse


def add_engines(group, default, known=None, everything=()):
    """--engines: `default` unless others of the `known` ones are named."""
    known = known or default
    more = f"; {','.join(known)}, or all for {','.join(everything)}" if everything else ""
    group.add_argument("--engines", type=engine_list(known, everything=everything), default=list(default), metavar="LIST",
                       help=f"engines to measure (default: {','.join(default)}{more})")


def add_measuring(parser, seconds, what, pinned=True):
    """The group about pinning, where there is any, and time; the group."""
    group = parser.add_argument_group("how to measure")
    if pinned:
        group.add_argument("--cpus", metavar="LIST", help="processors to pin to, such as 2,3 (default: the first cores)")
    group.add_argument("--seconds", type=positive(float), default=seconds, metavar="S",
                       help=f"measuring time of each {what}, at least 10 rounds (default: {seconds:g})")
    return group


def add_convoy(parser, board="host", default="host"):
    """The group about the compiler; the group. `default` says in words which `board` is taken without --board."""
    group = parser.add_argument_group("Convoy")
    group.add_argument("--convoy", type=Path, default=ROOT / "build/release/bin/convoy", metavar="PATH",
                       help="the compiler (default: build/release/bin/convoy)")
    group.add_argument("--board", default=board, help=f"the board to compile for (default: {default})")
    group.add_argument("--keep", action="store_true", help="keep the compiled libraries in DIR/libraries")
    return group


def add_files(parser, work):
    """The group about files; the group."""
    group = parser.add_argument_group("files")
    group.add_argument("--work", type=Path, default=ROOT / work, metavar="DIR",
                       help=f"ONNX files, reused when they are there, and libraries (default: {work})")
    group.add_argument("--out", type=Path, metavar="PREFIX",
                       help="where the results go (default: DIR/results, DIR as for --work)")
    group.add_argument("--from", dest="source", type=Path, metavar="JSON",
                       help="measure nothing: table, Markdown and PNG of an earlier run")
    return group


def resolve(options, requests):
    """Completes what the shared options imply; `requests` is what was asked to be measured."""
    if options.source and requests:
        raise UserError(f"--from {options.source}: with something to measure, expected one or the other")
    if options.source and not options.out:
        options.out = options.source.with_suffix("")
    options.work = options.work.resolve()
    options.convoy = options.convoy.resolve()
    options.out = options.out or options.work / "results"
    return options
