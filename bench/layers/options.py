"""The command line."""

from pathlib import Path

from harness import machine, options as shared
from harness.engines import LAYER_ENGINES, SUBJECT
from harness.errors import UserError

SHAPES = shared.ROOT / "bench/shapes/papers.txt"
DOCS = shared.ROOT / "docs/benchmarks"

DESCRIPTION = """\
Compares single layers: Convoy against ONNX Runtime, OpenVINO and ncnn, in one run, on one thread, in fp32.

Each layer (a convolution with bias and ReLU) becomes an ONNX file: a chain of 8 equal ones where the output has
the input's shape, so that reorders at the border and the cost of a call count against nobody; else one alone.
Convoy compiles it; then all engines take turns in one process that is pinned to one processor, each peer in the
best of several settings. A layer whose outputs differ from ONNX Runtime's by more than 1e-3 of their largest
magnitude is marked WRONG and is not timed.
"""

EPILOG = """\
results, in PREFIX.json, PREFIX.md and PREFIX.png, rewritten after every layer: times, ratios to the best peer,
GFLOP/s and the share of the roofline, which is measured on this machine at the start; the classes of layers with
the geometric mean expected of each; a picture. bench/shapes/reasons.txt says why layers stay under 60 % of it.

exit code: 0, or 1 when a layer is WRONG or FAILED or an argument is, 130 after Ctrl-C.

examples:
  bench/layers.py                                   the papers' layers, this machine's best code
  bench/layers.py --board avx2 --no-winograd        AVX2 code, and Convoy's direct code beside it
  bench/layers.py --records tuned.json --untuned    with these records, and without any beside them
  bench/layers.py g4ic64ih56oc64kh3ph1 --seconds 5  one layer
  bench/layers.py --write-docs                      both boards, into docs/benchmarks/
  bench/layers.py --from docs/benchmarks/layers-avx512.json     the same again, with today's reasons
"""


def parse(arguments):
    """The options as a namespace; a UserError where they are wrong."""
    parser = shared.Parser(prog="layers.py", description=DESCRIPTION, epilog=EPILOG)
    what = parser.add_argument_group("what to compare")
    what.add_argument("layers", nargs="*", metavar="LAYER",
                      help="a problem descriptor, or a pattern of the file's such as 'g1ic*' (default: the whole file)")
    what.add_argument("--shapes", type=Path, default=SHAPES, metavar="FILE",
                      help="problem descriptors, one a line (default: bench/shapes/papers.txt)")
    shared.add_engines(what, LAYER_ENGINES)
    what.add_argument("--list", action="store_true", help="list the chosen layers and stop")
    shared.add_measuring(parser, 3.0, "layer")
    convoy = shared.add_convoy(parser)
    convoy.add_argument("--no-winograd", action="store_true",
                        help="measure Convoy and ncnn without Winograd as well, where it could be used")
    convoy.add_argument("--records", type=Path, action="append", default=[], metavar="FILE",
                        help="records that are taken before yours and the project's; may be repeated")
    convoy.add_argument("--untuned", action="store_true",
                        help="measure Convoy's code without any records as well")
    files = shared.add_files(parser, "build/layers")
    files.add_argument("--write-docs", action="store_true",
                       help="measure for this machine and for AVX2, with --no-winograd, into docs/benchmarks/")
    options = parser.parse_args(arguments)
    options.threads = options.batch = 1
    if SUBJECT not in options.engines:
        for name in ("no_winograd", "untuned", "records"):
            if getattr(options, name):
                raise UserError(f"--{name.replace('_', '-')}: without the engine convoy, expected it among --engines")
    if options.write_docs and (options.out or options.source or options.board != "host"):
        raise UserError("--write-docs: with --out, --from or --board, expected none of them")
    options.boards = ["host", machine.avx2_board()] if options.write_docs else [options.board]
    options.no_winograd |= options.write_docs
    return shared.resolve(options, options.layers)
