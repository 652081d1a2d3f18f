"""What one core of the board reaches, to compare with its file: peak and bandwidth."""

import re
import subprocess

from harness.build import last_line
from harness.errors import UserError
from layers import roofline
from on_board import program


def read_board(options):
    """(system, floats of a vector, what `convoy boards show` prints) of the board."""
    shown = subprocess.run([options.convoy, "boards", "show", options.board], capture_output=True, text=True)
    if shown.returncode:
        raise UserError(f"--board {options.board}: {last_line(shown.stderr)}")
    system = "aarch64-linux" if re.search(r"^target +arm-64-linux", shown.stdout, re.MULTILINE) else "x86_64-linux"
    return system, int(re.search(r"^vectors +(\d+)", shown.stdout, re.MULTILINE)[1]), shown.stdout


def build(system, vector_floats, options):
    """The program's file."""
    options.work.mkdir(parents=True, exist_ok=True)
    flags = roofline.FLAGS.get(vector_floats, []) if system == "x86_64-linux" else []
    built = options.work / "roofline_probe"
    program.compile_program(system, ["-O3", "-ffp-contract=fast", *flags, f"-DVECTOR_BYTES={4 * vector_floats}",
                                     roofline.PROBE], built, options)
    return built


def text(found, shown):
    """The board as its file has it, then what was measured."""
    lines = [shown.rstrip(), "", f"measured: {found.peak:.1f} GFLOP/s of one core", "",
             f"{'bytes':>10}  {'read GB/s':>10}  {'copy GB/s':>10}"]
    for size in sorted(found.read, key=int):
        lines.append(f"{int(size) // 1024:>6} KiB  {found.read[size]:>10.1f}  {found.copy[size]:>10.1f}")
    return "\n".join(lines)


def run(remote, options):
    """Measures; the exit code."""
    if options.cases or options.runner:
        raise UserError(f"--roofline: with {'--runner' if options.runner else options.cases[0]}, expected it alone")
    system, vector_floats, shown = read_board(options)
    built = build(system, vector_floats, options)
    remote.check(system, built.stat().st_size)
    print(text(roofline.parse(remote.run(built, [], options.timeout or 300)), shown))
    return 0
