"""The command line."""

from pathlib import Path

from compare.networks import SUITES
from harness import options as shared
from harness.engines import ALL_PEERS, DIRECT, NETWORK_ENGINES, SUBJECT

EVERYTHING = (SUBJECT, *ALL_PEERS)
KNOWN = (SUBJECT, DIRECT, *ALL_PEERS)

DESCRIPTION = """\
Compares whole networks: Convoy against ONNX Runtime and OpenVINO, and with --engines all against ncnn, PyTorch, IREE
and MNN too (requirements-peers.txt), in one run, in fp32.

Every network is written by models/write.py, or exported from torchvision (--suite torchvision, needs torch),
compiled by Convoy (timed), and measured in a process of its own that is pinned to as many processors as
there are threads. Each peer runs in the best of several settings, chosen on that network. Outputs are
compared first: a network whose outputs differ from ONNX Runtime's by more than 1e-4 of their largest
magnitude is marked WRONG and is not timed. A peer that is not installed, cannot take a network, or differs by more
than 1e-3, is left out of that row, and the results say why. Then the engines take turns in short bursts, each after
each other one equally often, for --seconds.

The engine convoy_direct is Convoy compiled with --no-winograd.
"""

EPILOG = """\
results, in PREFIX.json, PREFIX.md and PNGs, rewritten after every network:
  a table on the terminal and in Markdown, the samples summarised (min, median, p90, count) in JSON, and
  PREFIX.png            time against MACs, with the expected times T(S) x MACs / MACs(S)
  PREFIX-expected.png   T(g) / T(S) as measured against MACs(g) / MACs(S)
  PREFIX-variants.png   time of every variant of a family
  Ctrl-C keeps what is there.

exit code: 0, or 1 when a network is WRONG or FAILED or an argument is, 130 after Ctrl-C.

examples:
  bench/compare.py                                  all 40 networks, one thread
  bench/compare.py 'resnet34_*' mbv2_S --seconds 5  some of them
  bench/compare.py --family mbv1 --threads 4        one family on four cores
  bench/compare.py --engines all                    every peer
  bench/compare.py --engines convoy,convoy_direct,onnxruntime 'resnet34_*'
  bench/compare.py --batch 16 --beside docs/benchmarks/networks.json    16 images at once, and what that gains
  bench/compare.py --suite torchvision              what PyTorch exports of torchvision
  bench/compare.py --from docs/benchmarks/networks.json --profiles docs/benchmarks/profiles.json --out docs/results
  bench/compare.py mine.onnx --engines onnxruntime,openvino
  bench/compare.py --from build/compare/results.json --out docs/results
"""


def add_suite(group):
    """--suite: whose networks those that are not files are."""
    group.add_argument("--suite", choices=list(SUITES), default="papers",
                       help="the papers' networks (the default), or torchvision's as PyTorch's two exporters write them")


def parse(arguments):
    """The options as a namespace; a UserError where they are wrong."""
    parser = shared.Parser(prog="compare.py", description=DESCRIPTION, epilog=EPILOG)
    what = parser.add_argument_group("what to compare")
    what.add_argument("networks", nargs="*", metavar="NETWORK",
                      help="a name, a pattern such as 'resnet34_*', or an .onnx file (default: all networks)")
    add_suite(what)
    what.add_argument("--family", action="append", metavar="NAME",
                      help="only this family of the chosen networks; may be repeated")
    shared.add_engines(what, NETWORK_ENGINES, KNOWN, EVERYTHING)
    what.add_argument("--batch", type=shared.positive(int), default=1, metavar="N",
                      help="batch size of the networks of a suite (default: 1)")
    what.add_argument("--list", action="store_true", help="list the chosen networks and stop")
    how = shared.add_measuring(parser, 10.0, "network")
    how.add_argument("--threads", type=shared.positive(int), default=1, metavar="N",
                     help="threads of every engine, one a core (default: 1)")
    shared.add_convoy(parser)
    files = shared.add_files(parser, "build/compare")
    files.add_argument("--beside", type=Path, metavar="JSON",
                       help="an earlier run, of other threads or another batch: a column says what Convoy gains over it")
    files.add_argument("--profiles", type=Path, metavar="JSON",
                       help="what bench/profiles.py wrote of the same networks, threads, batch and board: a table says what keeps "
                            "groups of networks from more")
    options = parser.parse_args(arguments)
    return shared.resolve(options, options.networks)
