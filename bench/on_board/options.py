"""The command line."""

from pathlib import Path

from harness import options as shared
from harness.errors import UserError

SHAPES = shared.ROOT / "bench/shapes/papers.txt"

DESCRIPTION = """\
Measures layers and networks on another machine, over SSH. Everything is built here: Convoy compiles each for the
board, and a cross compiler links them with their inputs and ONNX Runtime's outputs into one static program. It is
sent through ssh, run, and taken away again; the other machine needs a shell and no compiler. The program compares
every output before and after it measures; the cases take turns in bursts of 2 ms.
"""

EPILOG = """\
results, printed and in PREFIX.json and PREFIX.md: minima and medians, GFLOP/s, the share of the board's peak, the time
that was predicted, and the largest error. A layer whose output has its input's shape is measured as a chain of 8 equal
ones, of which one counts.

exit code: 0, or 1 when a case is WRONG or FAILED or something is missing, 130 after Ctrl-C.

examples:
  bench/on_board.py pi@raspberrypi --board cortex-a72 'g*ic64ih56*' resnet34_G8.onnx
  bench/on_board.py pi5 --board cortex-a76 --threads 4 g64ic64ih56oc64kh3ph1
  bench/on_board.py localhost --board cortex-a72 --runner qemu-aarch64-static g8ic64ih56oc64kh3ph1
"""


def parse(arguments):
    """The options as a namespace; a UserError where they are wrong."""
    parser = shared.Parser(prog="on_board.py", description=DESCRIPTION, epilog=EPILOG)
    parser.add_argument("host", metavar="HOST", help="as ssh takes it: a name of your ssh configuration, or user@address")
    parser.add_argument("cases", nargs="*", metavar="CASE",
                        help="an ONNX file, a layer's descriptor, or a pattern of bench/shapes/papers.txt")
    parser.add_argument("--board", required=True, help="the board to compile for, or a board file")
    parser.add_argument("--roofline", action="store_true",
                        help="measure no case but the peak and the bandwidth of one core, beside what the board file says")
    there = parser.add_argument_group("there")
    there.add_argument("--ssh", default="ssh", metavar="COMMAND",
                       help="with its options, such as 'ssh -p 2222' (default: ssh); it must not ask for a password")
    there.add_argument("--folder", default="", metavar="DIR",
                       help="for the program while it runs (default: $TMPDIR or /tmp); not one mounted noexec")
    there.add_argument("--runner", default="", metavar="COMMAND",
                       help="what runs the program, such as an emulator: its times are not shown")
    there.add_argument("--timeout", type=shared.positive(float), metavar="S",
                       help="give up after this (default: 300 and five times the measuring time)")
    how = parser.add_argument_group("how to measure")
    how.add_argument("--seconds", type=shared.positive(float), default=2.0, metavar="S",
                     help="measuring time of each case, at least 10 runs (default: 2)")
    how.add_argument("--threads", type=shared.positive(int), default=1, help="threads of each run (default: 1)")
    how.add_argument("--cpus", metavar="LIST", default="", help="processors to pin to, such as 4,5 (default: none)")
    how.add_argument("--no-winograd", action="store_true", help="compile without Winograd's algorithm")
    files = parser.add_argument_group("here")
    files.add_argument("--convoy", type=Path, default=shared.ROOT / "build/release/bin/convoy", metavar="PATH",
                       help="the compiler (default: build/release/bin/convoy)")
    files.add_argument("--compiler", metavar="COMMAND",
                       help="of C, for the board's system (default: cc, aarch64-linux-gnu-gcc)")
    files.add_argument("--work", type=Path, default=shared.ROOT / "build/on_board", metavar="DIR",
                       help="models and libraries (default: build/on_board)")
    files.add_argument("--out", type=Path, metavar="PREFIX",
                       help="where the results go (default: DIR/BOARD, DIR as for --work)")
    options = parser.parse_intermixed_args(arguments)
    if not options.cases and not options.roofline:
        raise UserError("no CASE, expected an ONNX file or a layer's descriptor at least, or --roofline")
    options.convoy, options.work = options.convoy.resolve(), options.work.resolve()
    options.out = options.out or options.work / Path(options.board).stem.replace(",", "-")
    return options
