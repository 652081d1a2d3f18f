"""Libraries for arm64 boards, linked by a cross compiler and run under an emulator: layers exactly on integers
against ONNX's own reference, a trained network against its results for x86."""

import os
import shutil
import subprocess
import sys
import unittest
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator

sys.path.insert(0, str(Path(__file__).parent.parent / "tools"))
from convoy_command import DIGITS, CommandTest, convoy

BOARDS = ("cortex-a53", "cortex-a72", "cortex-a76", "neoverse-n1", "neoverse-v2", "apple-m1")
COMPILER = shutil.which("aarch64-linux-gnu-gcc")
EMULATOR = shutil.which("qemu-aarch64-static") or shutil.which("qemu-aarch64")
PROGRAM = Path(__file__).parent / "run_network.c"

# (ic, oc, groups, kernel, stride, pad, plane): what the templates distinguish, and channels that fill no vector.
CONVOLUTIONS = (
    (16, 24, 1, 3, 1, 1, 9), (3, 16, 1, 3, 2, 1, 15), (24, 20, 1, 1, 1, 0, 8), (7, 5, 1, 5, 1, 2, 6),
    (32, 32, 2, 3, 1, 1, 8), (32, 32, 8, 3, 1, 1, 10), (32, 64, 16, 3, 2, 1, 9), (12, 12, 3, 3, 1, 1, 7),
    (16, 16, 16, 3, 1, 1, 12), (24, 24, 24, 5, 2, 2, 11), (17, 17, 17, 3, 1, 1, 5), (40, 40, 10, 1, 1, 0, 6),
)


def integers(random, dims, limit=4):
    return random.integers(-limit, limit + 1, dims).astype(np.float32)


def conv_model(ic, oc, groups, kernel, stride, pad, plane, random, layers=2):
    """A convolution with bias and ReLU, `layers` times where it can follow itself, so that its inner layouts are used."""
    nodes, constants = [], []
    for i in range(layers if ic == oc and stride == 1 and plane + 2 * pad - kernel + 1 == plane else 1):
        weights = integers(random, (oc, ic // groups, kernel, kernel), 1)
        constants += [numpy_helper.from_array(weights, f"w{i}"),
                      numpy_helper.from_array(integers(random, (oc,)), f"b{i}")]
        nodes += [helper.make_node("Conv", [f"x{i}", f"w{i}", f"b{i}"], [f"c{i}"], group=groups, strides=[stride] * 2,
                                   pads=[pad] * 4),
                  helper.make_node("Relu", [f"c{i}"], [f"x{i + 1}"])]
    last = nodes[-1].output[0]
    graph = helper.make_graph(nodes, "g", [helper.make_tensor_value_info("x0", TensorProto.FLOAT, [1, ic, plane, plane])],
                              [helper.make_tensor_value_info(last, TensorProto.FLOAT, None)], constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 8
    return onnx.shape_inference.infer_shapes(model)


@unittest.skipUnless(COMPILER and EMULATOR, "gcc-aarch64-linux-gnu or qemu-user-static is missing")
class Programs(CommandTest):
    def link(self, model, board, *arguments):
        """The program that runs the model; the library is all it links beside the C library."""
        self.compile(model, "--board", board, "--name", "net", *arguments)
        program = self.folder / f"run-{board}"
        subprocess.run([COMPILER, "-O1", "-Wall", "-Werror", "-static", PROGRAM, f"-I{self.out}/include",
                        f"-L{self.out}/lib", "-lnet", "-pthread", "-o", program], check=True, timeout=60)
        return program

    def run_program(self, program, inputs, threads=1):
        given, made = self.folder / "in", self.folder / "out.bin"
        given.write_bytes(inputs.tobytes())
        subprocess.run([EMULATOR, program, str(threads), given, made], check=True, timeout=120)
        return np.fromfile(made, np.float32)

    def test_layers_are_exact(self):
        for number, convolution in enumerate(CONVOLUTIONS):
            board = BOARDS[number % len(BOARDS)]
            with self.subTest(convolution, board=board):
                random = np.random.default_rng(number)
                model = conv_model(*convolution, random)
                inputs = integers(random, (1, convolution[0], convolution[6], convolution[6]))
                expected = ReferenceEvaluator(model).run(None, {"x0": inputs})[0]
                program = self.link(self.write("layer.onnx", model), board, "--no-winograd")
                for threads in (1, 3):
                    np.testing.assert_array_equal(self.run_program(program, inputs, threads), expected.ravel())

    def test_every_board_runs_a_trained_network(self):
        image = onnx.load(DIGITS).graph.input[0]
        dims = [d.dim_value or 1 for d in image.type.tensor_type.shape.dim]
        inputs = np.random.default_rng(1).random(dims, np.float32)
        expected = ReferenceEvaluator(str(DIGITS)).run(None, {image.name: inputs})[0]
        for board in BOARDS:
            with self.subTest(board):
                found = self.run_program(self.link(DIGITS, board), inputs)
                np.testing.assert_allclose(found, expected.ravel(), rtol=0, atol=1e-4 * np.abs(expected).max())


class Command(CommandTest):
    def test_objects_are_arm64(self):
        for board in BOARDS:
            self.compile(DIGITS, "--board", board, "--name", "net")
            headers = subprocess.run(["llvm-readobj" if shutil.which("llvm-readobj") else "readelf", "-h",
                                      self.out / "lib" / "libnet.a"], capture_output=True, text=True, check=True).stdout
            self.assertIn("AArch64" if "AArch64" in headers else "aarch64", headers)
            self.assertNotIn("x86", headers.lower())

    def test_they_need_only_the_c_library(self):
        self.compile(DIGITS, "--board", "cortex-a72", "--name", "net")
        lines = subprocess.run(["readelf", "-sW", self.out / "lib" / "libnet.a"], capture_output=True, text=True,
                               check=True).stdout.splitlines()
        symbols = [line.split() for line in lines if len(line.split()) == 8]
        needed = {symbol[7] for symbol in symbols if symbol[6] == "UND"} - {symbol[7] for symbol in symbols
                                                                           if symbol[6] != "UND"}
        self.assertLessEqual(needed, {"memset", "memcpy", "pthread_create", "pthread_detach", "syscall"})

    def test_other_processors_do_not_run_it(self):
        self.compile(DIGITS, "--board", "cortex-a72", "--name", "net")
        for command in (("verify", DIGITS), ("bench",)):
            self.expect_error(convoy(*command, self.out / "net"), "net.json", "aarch64-linux", "expected one for x86_64-linux")


if __name__ == "__main__":
    unittest.main()
