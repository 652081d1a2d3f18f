"""Libraries for GPUs: run by an OpenCL driver on the CPU, networks against the plain loops of convoy verify, a program
that calls the library from several threads and with memory of the device. CUDA's are compiled and looked at, and run
with a driver that only counts: their code runs on no machine without such a GPU."""

import ctypes.util
import json
import os
import re
import shutil
import subprocess
import sys
import unittest
from pathlib import Path

import numpy as np
from onnx import TensorProto, helper

ROOT = Path(__file__).parent.parent.parent
sys.path.insert(0, str(ROOT / "tests" / "tools"))
from convoy_command import DIGITS, CommandTest, convoy

COMPILER = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
CUDA_BOARDS = ("cuda-sm80", "cuda-sm86", "cuda-sm90")
ON_CPU = {**os.environ, "CONVOY_OPENCL_DEVICE": "cpu"}
ON_GPU = {name: value for name, value in os.environ.items() if name != "CONVOY_OPENCL_DEVICE"}


def capability(board):
    """That of the code which Halide writes for the board, its target being part of the board's file."""
    target = json.loads((ROOT / "targets" / "boards" / f"{board}.json").read_text())["halide_target"]
    return re.search(r"cuda_capability_(\d+)", target)[1]


def has_opencl():
    if not ctypes.util.find_library("OpenCL"):
        return False
    library = ctypes.CDLL(ctypes.util.find_library("OpenCL"))
    count = ctypes.c_uint32(0)
    return library.clGetPlatformIDs(0, None, ctypes.byref(count)) == 0 and count.value > 0


@unittest.skipUnless(has_opencl(), "there is no OpenCL driver: pocl-opencl-icd and ocl-icd-libopencl1 are missing")
class OnOpenCl(CommandTest):
    def expect_verified(self, model):
        self.compile(model, "--board", "opencl", "--name", "net")
        result = convoy("verify", model, self.out / "net", env=ON_CPU)
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)

    def test_a_trained_network(self):
        self.expect_verified(DIGITS)

    def test_times_are_said_to_be_the_gpus(self):
        result = self.compile(DIGITS, "--board", "opencl", "--name", "net")
        self.assertRegex(result.stdout, r"expected +\S+ ms on the GPU;")
        result = convoy("bench", self.out / "net", "--seconds", "0.1", "--threads", "2", env=ON_CPU)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertRegex(result.stdout, r"\Anet on opencl, on the GPU: min ")

    def test_a_network_of_the_papers(self):
        subprocess.run([sys.executable, ROOT / "models" / "write.py", "wrn40_2_G8", "-o", self.folder], check=True,
                       capture_output=True)
        self.expect_verified(self.folder / "wrn40_2_G8.onnx")

    def program(self, boards, *flags):
        self.compile(DIGITS, "--board", boards, "--name", "net")
        program = self.folder / "run_net"
        subprocess.run([COMPILER, "-O1", "-Wall", "-Werror", "-I", self.out / "include", *flags,
                        Path(__file__).parent / "run_net.c", self.out / "lib" / "libnet.a", "-o", program, "-pthread",
                        "-ldl", *(["-lOpenCL"] if flags else [])], check=True)
        self.image = np.arange(64, dtype=np.float32) % 17
        self.image.tofile(self.folder / "image.bin")
        return program

    def run_program(self, program, environment):
        """The board and codes of its first line, then the two rows of results."""
        result = subprocess.run([program, self.folder / "image.bin"], env=environment, capture_output=True, text=True,
                                timeout=120)
        self.assertEqual(result.returncode, 0, result.stderr)
        first, *rows = result.stdout.splitlines()
        return first, *(np.array(row.split(), np.float32) for row in rows)

    def test_the_device_is_taken_where_there_is_one(self):
        program = self.program("avx2,opencl")
        first, on_device, _ = self.run_program(program, ON_CPU)
        self.assertRegex(first, r"\Aopencl 0 ")
        first, on_cpu, _ = self.run_program(program, ON_GPU)
        if first.startswith("opencl"):
            self.skipTest("this machine has a GPU with OpenCL")
        self.assertEqual(first, "avx2 0 7")  # run_device: the board is no GPU
        np.testing.assert_allclose(on_device, on_cpu, rtol=0, atol=1e-5 * np.abs(on_cpu).max())

    def test_no_device_is_an_error_code(self):
        first, *_ = self.run_program(self.program("opencl"), ON_GPU)
        if first.startswith("opencl"):
            self.skipTest("this machine has a GPU with OpenCL")
        self.assertEqual(first, "none 4 4")

    @unittest.skipUnless(Path("/usr/include/CL/cl.h").exists(), "the headers of OpenCL are missing: opencl-headers")
    def test_inputs_and_outputs_in_memory_of_the_device(self):
        first, from_host, on_device = self.run_program(self.program("opencl", "-DWITH_OPENCL"), ON_CPU)
        self.assertEqual(first, "opencl 0 0")
        np.testing.assert_array_equal(on_device, from_host)


class Cuda(CommandTest):
    def test_libraries_hold_code_for_the_device_and_need_only_the_c_library(self):
        for board in CUDA_BOARDS:
            self.compile(DIGITS, "--board", board, "--name", "net")
            library = self.out / "lib" / "libnet.a"
            self.assertIn(f".target sm_{capability(board)}".encode(), library.read_bytes(), board)
            symbols = subprocess.run(["nm", library], capture_output=True, text=True, check=True).stdout
            names = {(line.split()[-2], line.split()[-1]) for line in symbols.splitlines() if len(line.split()) >= 2}
            defined = {name for kind, name in names if kind in "TtDdBbRr"}
            needed = {name for kind, name in names if kind == "U"} - defined
            self.assertLessEqual(needed, {"dlopen", "dlsym", "memset", "memcpy", "pthread_create", "pthread_detach",
                                          "syscall"}, board)

    def test_calls_of_the_driver(self):
        self.compile(DIGITS, "--board", "cuda-sm80", "--name", "net")
        here, fake, program = Path(__file__).parent, self.folder / "libcuda.so.1", self.folder / "run_streams"
        subprocess.run([COMPILER, "-O1", "-Wall", "-Werror", "-shared", "-fPIC", here / "fake_cuda.c", "-o", fake],
                       check=True)
        subprocess.run([COMPILER, "-O1", "-Wall", "-Werror", "-I", self.out / "include", here / "run_streams.c",
                        self.out / "lib" / "libnet.a", fake, "-o", program, "-pthread", "-ldl"], check=True)

        def run(**variables):
            result = subprocess.run([program], env={**os.environ, "LD_LIBRARY_PATH": str(self.folder), **variables},
                                    capture_output=True, text=True, timeout=60)
            self.assertEqual(result.returncode, 0, result.stderr)
            return result.stdout.splitlines()
        self.assertEqual(run(), ["0 0 0", "0 0 1", "0 0 1", "0 0 2"])
        # A stream that cannot wait for the last run: the caller's context is its own again.
        self.assertEqual(run(FAKE_CUDA_WAIT_FAILS="1"), ["0 0 0", "5 0 1", "5 0 2", "0 0 2"])

    def test_it_does_not_run_without_one(self):
        if Path("/dev/nvidia0").exists():
            self.skipTest("this machine has a GPU with CUDA")
        self.compile(DIGITS, "--board", "cuda-sm80", "--name", "net")
        self.expect_error(convoy("verify", DIGITS, self.out / "net"), "net", "lacks CPU instructions, or the GPU")

    def test_weights_that_are_computed_are_refused(self):
        graph = helper.make_graph(
            [helper.make_node("Conv", ["x", "w"], ["y"], name="conv")], "g",
            [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 2, 6, 6]),
             helper.make_tensor_value_info("w", TensorProto.FLOAT, [2, 2, 3, 3])],
            [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)])
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
        model.ir_version = 8
        result = convoy("compile", self.write("m.onnx", model), "-o", self.out, "--board", "opencl")
        self.expect_error(result, "conv", "opencl", "expected constants")
        self.assertFalse(self.out.exists())


if __name__ == "__main__":
    unittest.main()
