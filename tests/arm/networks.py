"""The papers' networks, compiled for an arm64 board, run under an emulator and compared with ONNX Runtime:

    python tests/arm/networks.py [--board cortex-a72] [--convoy build/release/bin/convoy] [NAME... | all]

5 to 40 seconds a network on two cores. Prints a line for each; exit code 1 if one differs by more than 1e-4 of the
largest output, or something fails. Needs gcc-aarch64-linux-gnu, qemu-user-static and requirements-test.txt.
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import onnxruntime

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))
from models.networks import NETWORKS  # noqa: E402

COMPILER = shutil.which("aarch64-linux-gnu-gcc")
EMULATOR = shutil.which("qemu-aarch64-static") or shutil.which("qemu-aarch64")
PROGRAM = Path(__file__).parent / "run_network.c"
TOLERANCE = 1e-4


def run_on_arm(model, inputs, folder, options):
    """The outputs of the compiled network, as the emulator computes them."""
    out, program = folder / "out", folder / "program"
    subprocess.run([options.convoy, "compile", model, "--board", options.board, "--name", "net", "-o", out, "-q"],
                   check=True)
    subprocess.run([COMPILER, "-O1", "-static", PROGRAM, f"-I{out}/include", f"-L{out}/lib", "-lnet", "-pthread",
                    "-o", program], check=True)
    (folder / "in").write_bytes(inputs.tobytes())
    subprocess.run([EMULATOR, program, "2", folder / "in", folder / "made"], check=True, stdout=subprocess.DEVNULL)
    return np.fromfile(folder / "made", np.float32)


def difference(name, options):
    """The largest difference of a network's outputs, relative to the largest output."""
    with tempfile.TemporaryDirectory(prefix="convoy-arm-") as temporary:
        folder = Path(temporary)
        model = folder / f"{name}.onnx"
        model.write_bytes(NETWORKS[name].model(1, 0).SerializeToString(deterministic=True))
        session = onnxruntime.InferenceSession(str(model), providers=["CPUExecutionProvider"])
        image = session.get_inputs()[0]
        inputs = np.random.default_rng(0).standard_normal(image.shape, np.float32)
        expected = session.run(None, {image.name: inputs})[0].ravel()
        del session
        found = run_on_arm(model, inputs, folder, options)
    if found.shape != expected.shape or not np.isfinite(found).all():
        return np.inf
    return float(np.abs(found - expected).max() / np.abs(expected).max())


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", default=["all"], metavar="NAME")
    parser.add_argument("--board", default="cortex-a72")
    parser.add_argument("--convoy", type=Path, default=ROOT / "build/release/bin/convoy")
    options = parser.parse_args()
    names = list(NETWORKS) if "all" in options.names else options.names
    if unknown := set(names) - set(NETWORKS):
        parser.error(f"unknown network {min(unknown)}, expected one of {' '.join(NETWORKS)}, or all")
    if not (COMPILER and EMULATOR):
        parser.error("gcc-aarch64-linux-gnu or qemu-user-static is missing")
    failed = []
    for name in names:
        start = time.monotonic()
        try:
            found = difference(name, options)
            text = f"differs by {found:.1e}"
        except subprocess.CalledProcessError as error:
            found, text = np.inf, str(error)
        if not found <= TOLERANCE:
            failed.append(name)
        print(f"{name:<14} {'ok  ' if found <= TOLERANCE else 'FAIL'} {text}, {time.monotonic() - start:.0f} s", flush=True)
    print(f"{len(names) - len(failed)} of {len(names)} networks agree" + (f"; not {' '.join(failed)}" if failed else ""))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
