"""One library for AVX2 and AVX-512, on this CPU and on emulated ones: which board runs, and that it is right."""

import shutil
import subprocess
import sys
import unittest
from pathlib import Path

import numpy as np
import onnx
from onnx.reference import ReferenceEvaluator

TESTS = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS / "tools"), str(TESTS / "arm")]

from convoy_command import DIGITS, CommandTest
from test_arm import conv_model, integers

PROGRAM = TESTS / "arm" / "run_network.c"
EMULATOR = shutil.which("qemu-x86_64-static") or shutil.which("qemu-x86_64")
ERROR_CPU = 4
AVX512 = {"avx512f", "avx512cd", "avx512bw", "avx512dq", "avx512vl"}

# (ic, oc, groups, kernel, stride, pad, plane)
CONVOLUTIONS = ((32, 32, 8, 3, 1, 1, 10), (16, 16, 16, 3, 1, 1, 12), (24, 20, 1, 1, 1, 0, 8))


def flags():
    """What Linux says that this CPU can do."""
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("flags"):
            return set(line.split(":")[1].split())
    return set()


class Cpus(CommandTest):
    def program(self, model, *arguments):
        self.compile(model, "--board", "avx2,avx512", "--name", "net", "--quiet", *arguments)
        subprocess.run(["cc", "-O1", "-Wall", "-Werror", "-static", PROGRAM, f"-I{self.out}/include",
                        f"-L{self.out}/lib", "-lnet", "-pthread", "-o", self.folder / "run"], check=True, timeout=60)

    def run_on(self, cpu, inputs, threads=1):
        """(exit code, board, outputs) on an emulated CPU, or on this one for None."""
        given, made = self.folder / "in", self.folder / "out.bin"
        given.write_bytes(inputs.tobytes())
        # The emulator warns of features that it leaves out of a CPU.
        runner = [EMULATOR, "-cpu", cpu] if cpu else []
        result = subprocess.run([*runner, self.folder / "run", str(threads), given, made], capture_output=True,
                                text=True, timeout=120)
        return result.returncode, result.stdout.strip(), np.fromfile(made, np.float32), result.stderr

    def expect_results(self, cpu, board):
        """All networks are right there, and run the board's code."""
        for number, convolution in enumerate(CONVOLUTIONS):
            with self.subTest(convolution, cpu=cpu):
                random = np.random.default_rng(number)
                model = conv_model(*convolution, random)
                inputs = integers(random, (1, convolution[0], convolution[6], convolution[6]))
                expected = ReferenceEvaluator(model).run(None, {"x0": inputs})[0]
                self.program(self.write("layer.onnx", model), "--no-winograd")
                for threads in (1, 3):
                    code, found_board, found, error = self.run_on(cpu, inputs, threads)
                    self.assertEqual((code, found_board), (0, board), error)
                    np.testing.assert_array_equal(found, expected.ravel())
        with self.subTest("digits", cpu=cpu):
            inputs, expected = digits_case()
            self.program(DIGITS)
            code, found_board, found, error = self.run_on(cpu, inputs)
            self.assertEqual((code, found_board), (0, board), error)
            np.testing.assert_allclose(found, expected, rtol=0, atol=1e-4 * np.abs(expected).max())

    @unittest.skipUnless({"avx2", "fma", "f16c"} <= flags(), "this CPU has no AVX2")
    def test_this_cpu(self):
        self.expect_results(None, "avx512" if AVX512 <= flags() else "avx2")

    @unittest.skipUnless(EMULATOR, "qemu-user-static is missing")
    def test_avx2_only(self):
        self.expect_results("Haswell", "avx2")

    @unittest.skipUnless(EMULATOR, "qemu-user-static is missing")
    def test_no_board_runs(self):
        inputs, _ = digits_case()
        self.program(DIGITS)
        # A feature alone may be missing too, and the operating system may not save the registers.
        for cpu in ("Nehalem", "Haswell,-avx2", "Haswell,-fma", "Haswell,-f16c", "Haswell,-xsave"):
            with self.subTest(cpu):
                code, board, found, error = self.run_on(cpu, inputs)
                self.assertEqual((code, board), (10 + ERROR_CPU, ""), error)
                self.assertIn("this machine lacks CPU instructions", error)
                self.assertEqual(found.size, 0)


def digits_case():
    """An input of the digits network, and its output."""
    image = onnx.load(DIGITS).graph.input[0]
    inputs = np.random.default_rng(1).random([d.dim_value or 1 for d in image.type.tensor_type.shape.dim], np.float32)
    return inputs, ReferenceEvaluator(str(DIGITS)).run(None, {image.name: inputs})[0].ravel()


if __name__ == "__main__":
    unittest.main()
