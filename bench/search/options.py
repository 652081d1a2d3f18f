"""The command line."""

from pathlib import Path

from harness import options as shared

# Small ones: with AVX-512 they have 150 to 300 legal schedules each.
LAYERS = ("g64ic64ih7oc64kh3ph1", "g64ic64ih7oc64kh5ph2", "g32ic64ih4oc64kh3ph1", "ic128ih2oc64kh1")

DESCRIPTION = """\
How near the tuner's search comes to the best of all schedules, with a tenth of the measurements.

Measures every legal schedule of some small layers once, with `convoy tune --exhaustive`; then replays the tuner's
search on the recorded times, from several seeds: from nothing (model), and with what was measured of the other
layers (informed), as a user's database has it. Schedules in random order are what both are compared with.
"""

EPILOG = """\
results, in PREFIX.json, PREFIX.md and PREFIX.png. The bar: from nothing, the median over the seeds is within 5 % of
the best of all after a tenth of the measurements, in each layer.

exit code: 0, or 1 when the bar is missed or an argument is wrong, 130 after Ctrl-C.

examples:
  bench/search.py                               all of it, about 20 minutes on 2 cores
  bench/search.py --resume                      goes on where it was interrupted
  bench/search.py --from build/search/results.json   table and picture again
"""


def parse(arguments):
    """The options as a namespace; a UserError where they are wrong."""
    parser = shared.Parser(prog="search.py", description=DESCRIPTION, epilog=EPILOG)
    what = parser.add_argument_group("what to measure")
    what.add_argument("layers", nargs="*", metavar="LAYER", help=f"layers (default: {' '.join(LAYERS)})")
    what.add_argument("--seeds", type=shared.positive(int), default=9, metavar="N",
                      help="searches of each kind (default: 9)")
    what.add_argument("--time", default="2h", help="measuring time of each layer at most (default: 2h)")
    what.add_argument("--resume", action="store_true", help="keep what DIR/records.sqlite has")
    convoy = shared.add_convoy(parser)
    convoy.add_argument("--replay", type=Path, metavar="PATH",
                        help="the program that replays (default: search_replay beside the compiler)")
    shared.add_files(parser, "build/search")
    options = parser.parse_args(arguments)
    options = shared.resolve(options, options.layers)
    options.layers = options.layers or list(LAYERS)
    options.replay = (options.replay or options.convoy.parent / "search_replay").resolve()
    return options
