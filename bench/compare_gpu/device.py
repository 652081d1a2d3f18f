"""What must be there for a comparison on a GPU, and the board that suits it."""

import ctypes
import ctypes.util
import importlib.util
import json
import os
import re
import subprocess
from pathlib import Path

from harness import machine
from harness.errors import UserError

NEEDED = "expected those of requirements-bench-gpu.txt"
CUDA_BOARD = re.compile(r"cuda-sm(\d+)")


def is_cuda(board):
    """Whether a board, a name or a file, is one of CUDA; no name asks for the one that suits the GPU."""
    if not board or not board.endswith(".json"):
        return not board or bool(CUDA_BOARD.fullmatch(board))
    try:
        return json.loads(Path(board).read_text()).get("api") == "cuda"
    except (OSError, ValueError) as error:
        raise UserError(f"--board {board}: {error}, expected a board file") from None


def find_cuda():
    """{"gpu", "uuid", "compute_capability"} of CUDA's first device; a UserError that says what is missing."""
    missing = []
    try:
        ctypes.CDLL("libcuda.so.1")
    except OSError:
        missing.append("no libcuda.so.1, expected NVIDIA's driver")
    if importlib.util.find_spec("torch") is None:
        missing.append(f"no Python package torch, {NEEDED}")
    if missing:
        raise UserError("; ".join(missing))
    import torch
    if not torch.version.cuda:
        raise UserError(f"PyTorch {torch.__version__} is built without CUDA, {NEEDED}")
    if not torch.cuda.is_available():
        raise UserError(f"PyTorch {torch.__version__} finds no GPU, expected one that CUDA {torch.version.cuda} runs on")
    found = torch.cuda.get_device_properties(0)
    uuid = str(found.uuid)
    return {"gpu": found.name, "uuid": uuid if uuid.startswith("GPU-") else f"GPU-{uuid}",
            "compute_capability": found.major * 10 + found.minor}


def find_host():
    """The same for a board that is called with memory of the host: OpenCL's, or a CPU's."""
    loader, platforms = ctypes.util.find_library("OpenCL"), ctypes.c_uint32(0)
    if not loader or ctypes.CDLL(loader).clGetPlatformIDs(0, None, ctypes.byref(platforms)) or not platforms.value:
        raise UserError("no OpenCL driver, expected libOpenCL.so and a driver it finds, or a board of CUDA")
    on_cpu = os.environ.get("CONVOY_OPENCL_DEVICE") == "cpu"
    return {"gpu": f"OpenCL on {machine.describe()['cpu']}" if on_cpu else "the first OpenCL GPU", "uuid": None,
            "compute_capability": None}


def best_board(convoy, capability):
    """The CUDA board with the highest compute capability that a GPU of `capability` runs."""
    answer = subprocess.run([convoy, "boards"], capture_output=True, text=True, errors="replace")
    names = [words[0] for words in map(str.split, answer.stdout.splitlines()) if words and CUDA_BOARD.fullmatch(words[0])]
    able = {int(CUDA_BOARD.fullmatch(name)[1]): name for name in names}
    able = {needed: name for needed, name in able.items() if needed <= capability}
    if not able:
        raise UserError(f"a GPU of compute capability {capability / 10:.1f}, expected one that runs a board of "
                        f"{', '.join(names) or 'convoy boards'}")
    return able[max(able)]
