"""A network compiled for every board there is; a line for each:

    python tests/boards/every_board.py [--network resnet34_G8] [--convoy build/release/bin/convoy] [BOARD...]

Objects are of the board's processor, and the library needs nothing but the C library. It is then linked and run, and
compared with ONNX Runtime: on this CPU where it has the instructions, under an emulator for arm64, under an OpenCL driver
of the CPU for opencl; code for CUDA is assembled by ptxas. What cannot be run here is said. About three minutes; exit
code 1 where something is wrong.
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import onnxruntime

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))
from models.networks import NETWORKS  # noqa: E402

PROGRAM = ROOT / "tests" / "arm" / "run_network.c"
TOLERANCE = 1e-4
ERROR_CPU = 14  # run_network's exit code where the machine lacks what the board needs
MACHINES = {"x86": "Advanced Micro Devices X86-64", "arm": "AArch64", "gpu": "Advanced Micro Devices X86-64"}
CPU_SYMBOLS = {"memset", "memcpy", "pthread_create", "pthread_detach", "syscall"}
GPU_SYMBOLS = CPU_SYMBOLS | {"dlopen", "dlsym", "getenv"}


class Wrong(Exception):
    pass


def run(*command, **options):
    return subprocess.run(list(map(str, command)), check=True, capture_output=True, text=True, **options).stdout


def check_archive(library, family):
    machines = set(re.findall(r"Machine:\s+(.+)", run("readelf", "-h", library)))
    if machines != {MACHINES[family]}:
        raise Wrong(f"objects for {', '.join(sorted(machines))}, expected {MACHINES[family]}")
    lines = [line.split() for line in run("readelf", "-sW", library).splitlines()]
    symbols = [line for line in lines if len(line) == 8 and line[0].rstrip(":").isdigit()]
    defined = {line[7] for line in symbols if line[6] != "UND"}
    needed = {line[7] for line in symbols if line[6] == "UND"} - defined
    extra = needed - (GPU_SYMBOLS if family == "gpu" else CPU_SYMBOLS)
    if extra:
        raise Wrong(f"needs {', '.join(sorted(extra))}")
    foreign = {name for name in defined if name.startswith("halide_")}
    if foreign:
        raise Wrong(f"defines {', '.join(sorted(foreign))}")


def ran(board, out, folder, inputs, expected):
    """How the library ran, or why it did not."""
    compiler, flags, runner = shutil.which("cc"), ["-ldl"], []
    if board["family"] == "arm":
        compiler, flags = shutil.which("aarch64-linux-gnu-gcc"), ["-static"]
        runner = [shutil.which("qemu-aarch64-static") or shutil.which("qemu-aarch64")]
        if not (compiler and runner[0]):
            return "not run: gcc-aarch64-linux-gnu or qemu-user-static is missing"
    program, made = folder / "program", folder / "made"
    run(compiler, "-O1", PROGRAM, f"-I{out}/include", f"-L{out}/lib", "-lnet", "-pthread", *flags, "-o", program)
    (folder / "in").write_bytes(inputs.tobytes())
    result = subprocess.run([*runner, program, "1", folder / "in", made], capture_output=True, text=True,
                            env={**os.environ, "CONVOY_OPENCL_DEVICE": "cpu"})
    if result.returncode == ERROR_CPU:
        return "not run: this machine lacks what it needs"
    if result.returncode or result.stdout.strip() != board["name"]:
        raise Wrong(f"exit code {result.returncode}, board '{result.stdout.strip()}' {result.stderr.strip()}")
    found = np.fromfile(made, np.float32)
    error = float(np.abs(found - expected).max() / np.abs(expected).max())
    if not error <= TOLERANCE:
        raise Wrong(f"differs by {error:.1e}")
    return f"differs by {error:.1e}"


def check(name, options, model, folder, inputs, expected):
    board = json.loads((ROOT / "targets" / "boards" / f"{name}.json").read_text())
    out = folder / name
    run(options.convoy, "compile", model, "--board", name, "--name", "net", "-o", out, "-q")
    library = out / "lib" / "libnet.a"
    check_archive(library, board["family"])
    text = ran(board, out, folder, inputs, expected)
    if board.get("api") == "cuda":
        analysis = folder / "analysis.json"
        run(options.convoy, "analyze", model, "--board", name, "--json", analysis)
        kernels = json.loads(analysis.read_text())["kernels"]
        spills = sum(kernel["spill_store_bytes"] > 0 for kernel in kernels)
        text += f"; {len(kernels)} kernels assembled for {board['ptxas_target']}, {spills} of them spill"
    return f"{library.stat().st_size / 1e6:6.1f} MB  {text}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("boards", nargs="*", metavar="BOARD")
    parser.add_argument("--network", default="resnet34_G8", choices=NETWORKS, metavar="NAME")
    parser.add_argument("--convoy", type=Path, default=ROOT / "build/release/bin/convoy")
    options = parser.parse_args()
    boards = options.boards or sorted(path.stem for path in (ROOT / "targets" / "boards").glob("*.json"))
    failed = []
    with tempfile.TemporaryDirectory(prefix="convoy-boards-") as temporary:
        folder = Path(temporary)
        model = folder / f"{options.network}.onnx"
        model.write_bytes(NETWORKS[options.network].model(1, 0).SerializeToString(deterministic=True))
        session = onnxruntime.InferenceSession(str(model), providers=["CPUExecutionProvider"])
        image = session.get_inputs()[0]
        inputs = np.random.default_rng(0).standard_normal(image.shape, np.float32)
        expected = session.run(None, {image.name: inputs})[0].ravel()
        for name in boards:
            try:
                text = f"ok    {check(name, options, model, folder, inputs, expected)}"
            except Wrong as wrong:
                text = f"WRONG {wrong}"
            except subprocess.CalledProcessError as error:
                text = f"WRONG {Path(error.cmd[0]).name}: {error.stderr.strip() or error.returncode}"
            if text.startswith("WRONG"):
                failed.append(name)
            print(f"{name:<16}{text}", flush=True)
    print(f"{len(boards) - len(failed)} of {len(boards)} boards are right")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
