"""The command line."""

from pathlib import Path

from compare_gpu.engines import ENGINES
from harness import options as shared
from harness.engines import SUBJECT

SHAPES = shared.ROOT / "bench/shapes/papers.txt"
MODES = ("max-autotune", "default")
TOLERANCE = 1e-4

DESCRIPTION = """\
Compares layers and networks on an NVIDIA GPU: Convoy against PyTorch with cuDNN, eager and compiled, in fp32 without
TF32, in one run.

Each layer (a convolution with bias and ReLU) becomes an ONNX file: a chain of 8 equal ones where the output has the
input's shape, else one alone. All engines get its weights and read and write memory of the GPU. Convoy and cuDNN run
in the best of several settings (launched or replayed as a CUDA graph; cuDNN in NCHW and NHWC, with its own fusion of
bias and ReLU or without). A case whose outputs differ from ONNX Runtime's on the CPU, before or after the times, is
marked WRONG and has none.

With another board than CUDA's, such as opencl, Convoy is measured alone, with memory of the host.
"""

EPILOG = """\
results, in PREFIX-bN.json, .md and .png for each batch size N, rewritten after every case: times by CUDA's events,
ratios to the best peer and to cuDNN, energy, the classes of layers with the geometric mean expected of each, a picture.

exit code: 0, or 1 when a case is WRONG or FAILED or something is missing, 130 after Ctrl-C.

examples:
  bench/compare_gpu.py                                      the papers' layers, batch 1, 4 and 16
  bench/compare_gpu.py 'g8ic*' --batch 1 --engines convoy,cudnn
  bench/compare_gpu.py 'resnet34_*' 'mbv1_*' --batch 16     networks
  CONVOY_OPENCL_DEVICE=cpu bench/compare_gpu.py --board opencl g8ic32ih32oc32kh3ph1 --batch 1
  bench/compare_gpu.py --from build/compare_gpu/results-b4.json
"""


def batches(text):
    """An argparse type: batch sizes, each once."""
    found = dict.fromkeys(shared.positive(int)(part) for part in text.split(","))
    return list(found)


def energy_seconds(text):
    """An argparse type: a number above zero, or 0 for none."""
    return 0.0 if text == "0" else shared.positive(float)(text)


def parse(arguments):
    """The options as a namespace; a UserError where they are wrong."""
    parser = shared.Parser(prog="compare_gpu.py", description=DESCRIPTION, epilog=EPILOG)
    what = parser.add_argument_group("what to compare")
    what.add_argument("cases", nargs="*", metavar="CASE",
                      help="a problem descriptor, a network of models/, a pattern of either, or an .onnx file "
                           "(default: all layers of the file)")
    what.add_argument("--shapes", type=Path, default=SHAPES, metavar="FILE",
                      help="problem descriptors, one a line (default: bench/shapes/papers.txt)")
    what.add_argument("--batch", dest="batches", type=batches, default=[1, 4, 16], metavar="LIST",
                      help="batch sizes (default: 1,4,16)")
    what.add_argument("--engines", type=shared.engine_list(ENGINES, SUBJECT), metavar="LIST",
                      help=f"engines to measure (default: {','.join(ENGINES)})")
    what.add_argument("--list", action="store_true", help="list the chosen cases and stop")
    how = shared.add_measuring(parser, 2.0, "case", pinned=False)
    how.add_argument("--energy-seconds", type=energy_seconds, default=2.0, metavar="S",
                     help="measuring time of each engine's energy, 0 for none (default: 2)")
    how.add_argument("--tolerance", type=shared.positive(float), default=TOLERANCE, metavar="R",
                     help=f"largest error of all engines, relative to the largest output (default: {TOLERANCE:g})")
    how.add_argument("--compile-mode", choices=MODES, default=MODES[0],
                     help=f"torch.compile's (default: {MODES[0]}, which takes up to a minute a case)")
    shared.add_convoy(parser, None, "the CUDA board with the GPU's compute capability, or the next below")
    shared.add_files(parser, "build/compare_gpu")
    options = parser.parse_args(arguments)
    options.threads = 1
    return shared.resolve(options, options.cases)
