"""The command line."""

import argparse
import re

from harness import options as shared
from harness.engines import LAYER_ENGINES

DURATION = re.compile(r"\d+(\.\d+)?[smh]")

DESCRIPTION = """\
Tunes layers that nobody listed, from nothing, and compares them with ONNX Runtime, OpenVINO and ncnn, on one thread,
in fp32.

Draws layers at random, one in four each grouped with 2 to 15 channels a group, depthwise, grouped with more, and
dense; none is in bench/shapes/papers.txt. Each is tuned with `convoy tune` into a database of its own, no other records
are taken, and compiled with that database and without. The tuned code, the untuned and the peers then take turns in one
process that is pinned to one processor, as in bench/layers.py.
"""

EPILOG = """\
results, in PREFIX.json, PREFIX.md and PREFIX.png, rewritten after every layer: times and ratios, the bars, and how
long it took to come to 95 % of the final speed. DIR/tuned has what `convoy tune --json` wrote, for bench/tuning.py.

exit code: 0, or 1 when a layer is WRONG or FAILED or an argument is, 130 after Ctrl-C.

examples:
  bench/new_layers.py                            20 layers, about half an hour
  bench/new_layers.py --seed 7 --time 3m         others, tuned for longer
  bench/new_layers.py g6ic72ih20oc72kh5ph2       this layer
  bench/new_layers.py --list                     what would be measured
"""


def duration(text):
    """An argparse type: a time as the compiler takes it."""
    if not DURATION.fullmatch(text) or not float(text[:-1]) > 0:
        raise argparse.ArgumentTypeError(f"found '{text}', expected one as 90s, 10m or 2h")
    return text


def parse(arguments):
    """The options as a namespace; a UserError where they are wrong."""
    parser = shared.Parser(prog="new_layers.py", description=DESCRIPTION, epilog=EPILOG)
    what = parser.add_argument_group("what to tune and compare")
    what.add_argument("layers", nargs="*", metavar="LAYER", help="problem descriptors instead of layers at random")
    what.add_argument("--count", type=shared.positive(int), default=20, metavar="N", help="layers to draw (default: 20)")
    what.add_argument("--seed", type=int, default=1, metavar="N", help="of the random choices (default: 1)")
    shared.add_engines(what, LAYER_ENGINES)
    what.add_argument("--list", action="store_true", help="list the layers and stop")
    shared.add_measuring(parser, 3.0, "layer").add_argument(
        "--time", type=duration, default="60s", metavar="T", help="of tuning each layer (default: 60s)")
    shared.add_convoy(parser)
    shared.add_files(parser, "build/new_layers")
    options = parser.parse_args(arguments)
    options.threads = options.batch = 1
    return shared.resolve(options, options.layers)
