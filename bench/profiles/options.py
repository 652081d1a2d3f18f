"""The command line."""

from compare.options import add_suite
from harness import options as shared
from harness.engines import SUBJECT

ENGINES = (SUBJECT, "onnxruntime", "openvino", "ncnn", "mnn")

DESCRIPTION = """\
Profiles whole networks: where Convoy's time goes, how large its library is, how soon it has a first result, and how much
memory it takes, the last two beside other engines (requirements-peers.txt).

Every network is written by models/write.py, or exported from torchvision (--suite torchvision, needs torch), and compiled. `convoy bench` times its steps, of which equal ones are one
row. Then each engine loads the network and runs it, in fresh processes: files are in the page cache, what Python
imports is imported, and what a warm run takes is taken off. Memory is the largest resident set after loading and
three runs, less that before loading. All processes are pinned to as many processors as there are threads.
A peer that is not installed, cannot take a network, or differs by more than 1e-3 from ONNX Runtime, is left out of that
row, and the results say why.
"""

EPILOG = """\
results, in PREFIX.json, PREFIX.md and PREFIX.png, rewritten after every network; Ctrl-C keeps what is there.

exit code: 0, or 1 when a network is WRONG or FAILED or an argument is, 130 after Ctrl-C.

examples:
  bench/profiles.py                                   the papers' 40 networks
  bench/profiles.py 'resnet34_*' --engines convoy     some of them, without peers
  bench/profiles.py --suite torchvision               what PyTorch exports of torchvision
  bench/profiles.py mine.onnx --board zen3
  bench/profiles.py --from build/profiles/results.json --out docs/results
"""


def parse(arguments):
    """The options as a namespace; a UserError where they are wrong."""
    parser = shared.Parser(prog="profiles.py", description=DESCRIPTION, epilog=EPILOG)
    what = parser.add_argument_group("what to profile")
    what.add_argument("networks", nargs="*", metavar="NETWORK",
                      help="a name, a pattern such as 'resnet34_*', or an .onnx file (default: all networks)")
    add_suite(what)
    what.add_argument("--engines", type=shared.engine_list(ENGINES, needed=SUBJECT), default=list(ENGINES), metavar="LIST",
                      help=f"engines to start (default: {','.join(ENGINES)})")
    what.add_argument("--batch", type=shared.positive(int), default=1, metavar="N",
                      help="batch size of the networks of a suite (default: 1)")
    how = shared.add_measuring(parser, 2.0, "network's steps")
    how.add_argument("--threads", type=shared.positive(int), default=1, metavar="N",
                     help="threads of every engine, one a core (default: 1)")
    shared.add_convoy(parser)
    shared.add_files(parser, "build/profiles")
    options = parser.parse_args(arguments)
    return shared.resolve(options, options.networks)
