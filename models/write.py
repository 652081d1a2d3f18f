"""The command that writes networks as ONNX files; `python models/write.py --help`."""

import argparse
import os
import sys
from pathlib import Path
from typing import NoReturn

if not __package__:  # run as a script: import the package from the folder that holds it
    sys.path[0] = str(Path(__file__).resolve().parent.parent)

import onnx

from models.compare import report
from models.count import Counts, count
from models.networks import NETWORKS

DESCRIPTION = """\
Writes the papers' convolutional networks as ONNX files with random weights.

Each NAME becomes DIR/NAME.onnx: opset 17, f32, static shapes, batch norm as nodes of its own, input
"input" (batch, channels, height, width) and output "output" (batch, classes). The same name, batch and
seed give the same bytes. A file appears under its name only when it is complete.
"""

EPILOG = """\
names:
  wrn40_2_*, resnet34_*, mbv2_*   S, G2, G4, G8, G16, GN: standard, g groups, depthwise   (GSPC)
  mbv1_*, resnext50_*             G1 G2 G4 G8 G16 G32: channels per group; g2 g4 g8 g16 g32: groups   (E2GC)
  all                             the 40 networks, 2.2 GB
Mind the case: mbv1_G4 has 4 channels in each group, mbv1_g4 has 4 groups. Where file names ignore case,
write the two to different folders.

examples:
  python models/write.py resnet34_G8 -o out
  python models/write.py mbv1_G1 mbv1_G32 -o out --batch 4 --seed 7
"""


class UsageError(Exception):
    """A mistake in the command line, told in one line."""


class Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise UsageError(message)


def main(arguments: list[str]) -> int:
    try:
        options = _parse(arguments)
        if options.list:
            print("\n".join(_listing()))
        elif options.papers:
            print("\n".join(report()))
        else:
            for name in _selected(options.names):
                _write(name, options)
    except UsageError as error:
        print(f"write.py: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"write.py: cannot write {error.filename}: {error.strerror}", file=sys.stderr)
        return 1
    return 0


def _parse(arguments: list[str]) -> argparse.Namespace:
    parser = Parser(
        prog="write.py",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="a network's name, or all")
    parser.add_argument("-o", "--output", type=Path, metavar="DIR", help="folder to write to; made if missing")
    parser.add_argument("--batch", type=int, default=1, metavar="N", help="batch size mb (default: 1)")
    parser.add_argument("--seed", type=int, default=0, metavar="S", help="seed of the weights (default: 0)")
    parser.add_argument("--list", action="store_true", help="list names, parameters, MACs, inputs; write nothing")
    parser.add_argument("--papers", action="store_true", help="compare the counts with the papers'; write nothing")
    options = parser.parse_args(arguments)
    if options.list or options.papers:
        return options
    if not options.names:
        raise UsageError("no network named; --list shows them")
    if options.output is None:
        raise UsageError("no folder to write to; give one with -o DIR")
    if options.batch < 1:
        raise UsageError(f"--batch must be at least 1, not {options.batch}")
    if not 0 <= options.seed < 2**32:
        raise UsageError(f"--seed must be in 0..2^32-1, not {options.seed}")
    return options


def _selected(names: list[str]) -> list[str]:
    """The names without repetition, `all` expanded, every one checked before anything is written."""
    unknown = [name for name in names if name != "all" and name not in NETWORKS]
    if unknown:
        raise UsageError(f"unknown network {unknown[0]!r}; there are: {', '.join(NETWORKS)}, all")
    if "all" in names:
        return list(NETWORKS)
    return list(dict.fromkeys(names))


def _write(name: str, options: argparse.Namespace) -> None:
    model = NETWORKS[name].model(options.batch, options.seed)
    path = options.output / f"{name}.onnx"
    options.output.mkdir(parents=True, exist_ok=True)
    write_atomically(path, model.SerializeToString(deterministic=True))
    print(f"{path}: {_summary(count(model))}")


def write_atomically(path: Path, data: bytes) -> None:
    """Writes beside `path`, then renames: readers see the old file or the whole new one."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        temporary.write_bytes(data)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _listing() -> list[str]:
    """A table of all networks at batch 1."""
    lines = [f"{'name':<16}{'params':>12}{'without BN, bias':>18}{'MACs':>16}  input"]
    for name, network in NETWORKS.items():
        model = network.skeleton()
        counts = count(model)
        weights = counts.params_without_batch_norm_and_biases
        lines.append(f"{name:<16}{counts.params:>12,}{weights:>18,}{counts.macs:>16,}  {_input(model)}")
    return lines


def _summary(counts: Counts) -> str:
    return f"{counts.params:,} parameters, {counts.macs:,} MACs"


def _input(model: onnx.ModelProto) -> str:
    return "x".join(str(dim.dim_value) for dim in model.graph.input[0].type.tensor_type.shape.dim)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
