"""convoy analyze: what it predicts of inner loops, and what it says when it cannot."""

import json
import math
import os
import shutil
import unittest
from pathlib import Path

from convoy_command import DIGITS, CommandTest, convoy

MCA = next((name for version in range(22, 16, -1) if (name := shutil.which(f"llvm-mca-{version}"))), None)
PTXAS = os.environ.get("CONVOY_PTXAS") or shutil.which("ptxas") or shutil.which("/usr/local/cuda/bin/ptxas")
LAYERS = ("ic16ih8oc16kh3ph1+bias+relu", "g16ic16ih8oc16kh3ph1")


class Mistakes(CommandTest):
    def test_missing_program(self):
        result = convoy("analyze", LAYERS[0], "--board", "cortex-a76", env={**os.environ, "CONVOY_LLVM_MCA": "", "PATH": ""})
        self.expect_error(result, "llvm-mca", "install llvm-19", "CONVOY_LLVM_MCA")

    def test_another_program(self):
        result = convoy("analyze", LAYERS[0], "--board", "cortex-a76", env={**os.environ, "CONVOY_LLVM_MCA": "/bin/echo"})
        self.expect_error(result, "/bin/echo", "no llvm-mca", "llvm-19")

    def test_arguments(self):
        self.expect_error(convoy("analyze"), "no model", "--layers")
        self.expect_error(convoy("analyze", "--layers", self.folder / "none"), "none: cannot be read")
        self.expect_error(convoy("analyze", LAYERS[0], "--board", "toaster"), "toaster")


@unittest.skipUnless(MCA, "llvm-mca of LLVM 17 or later is missing: apt-get install llvm-19")
class Predictions(CommandTest):
    def analyze(self, *arguments):
        """What is written, after what is printed was looked at."""
        file = self.folder / "analysis.json"
        result = convoy("analyze", *arguments, "--json", file)
        self.assertEqual(result.returncode, 0, result.stderr)
        analysis = json.loads(file.read_text())
        for kernel in analysis["kernels"]:
            self.assertIn(kernel["kernel"], result.stdout)
        self.assertIn(analysis["mca"], result.stdout)
        return analysis

    def check(self, analysis):
        self.assertTrue(analysis["kernels"])
        for kernel in analysis["kernels"]:
            loop = kernel["loop"]
            self.assertGreater(loop["macs"], 0)
            self.assertEqual(kernel["macs"] % loop["macs"], 0, "the loop's multiply-adds make up the kernel's")
            peak = loop["macs"] / kernel["cycles"] / analysis["peak_macs_per_cycle"]
            self.assertAlmostEqual(kernel["peak_percent"], 100 * peak, places=6)
            self.assertTrue(10 < kernel["peak_percent"] <= 100, kernel["peak_percent"])

    def test_layers_of_every_family(self):
        for board in ("cortex-a76", "cortex-a53", "zen4", "avx2"):
            with self.subTest(board):
                analysis = self.analyze(*LAYERS, "--board", board, "--no-winograd")
                self.check(analysis)
                self.assertEqual([kernel["steps"] for kernel in analysis["kernels"]],
                                 [["g1ic16ih8oc16oh8kh3ph1+bias+relu"], ["g16ic16ih8oc16oh8kh3ph1"]])

    def test_models_share_kernels(self):
        alone = self.analyze(DIGITS, "--board", "cortex-a72", "--no-winograd")
        again = self.write("again.onnx", Path(DIGITS).read_bytes())
        both = self.analyze(DIGITS, again, "--board", "cortex-a72", "--no-winograd")
        self.assertEqual(len(alone["kernels"]), len(both["kernels"]))
        for one, two in zip(alone["kernels"], both["kernels"]):
            self.assertEqual(len(two["steps"]), 2 * len(one["steps"]))

    def test_a_file_of_layers_and_another_processor(self):
        file = self.write("layers.txt", f"# two\n{LAYERS[0]}  # the first\n\n{LAYERS[1]}\n".encode())
        analysis = self.analyze("--layers", file, "--board", "cortex-a76", "--mca-cpu", "cortex-a57")
        self.assertEqual((len(analysis["kernels"]), analysis["mca_cpu"]), (2, "cortex-a57"))
        self.expect_error(convoy("analyze", LAYERS[0], "--board", "cortex-a76", "--mca-cpu", "toaster"),
                          "llvm-mca", "toaster")

    def test_a_board_without_a_processor(self):
        boards = self.folder / "boards"
        boards.mkdir()
        board = json.loads((Path(__file__).parents[2] / "targets/boards/cortex-a76.json").read_text())
        del board["mca_cpu"]
        (boards / "cortex-a76.json").write_text(json.dumps(board))
        result = convoy("analyze", LAYERS[0], "--board", "cortex-a76", env={**os.environ, "CONVOY_BOARDS": str(boards)})
        self.expect_error(result, "cortex-a76", "mca_cpu")


@unittest.skipUnless(PTXAS, "ptxas is missing: the CUDA toolkit")
class Launches(CommandTest):
    def test_layers_of_every_kind_assemble_for_every_device(self):
        for board in ("cuda-sm80", "cuda-sm86", "cuda-sm90"):
            with self.subTest(board):
                file = self.folder / "analysis.json"
                result = convoy("analyze", *LAYERS, "ic24ih14oc48kh1+bias+relu", "g8ic32ih14oc32kh3ph1", "--board", board,
                                "--json", file)
                self.assertEqual(result.returncode, 0, result.stderr)
                analysis = json.loads(file.read_text())
                self.assertEqual(len(analysis["kernels"]), 4)
                for kernel in analysis["kernels"]:
                    self.assertIn(kernel["kernel"], result.stdout)
                    self.assertTrue(8 <= kernel["registers"] <= 255)
                    self.assertEqual(kernel["spill_store_bytes"] + kernel["spill_load_bytes"], 0, kernel["kernel"])
                    self.assertTrue(0 < kernel["occupancy_percent"] <= 100)
                    warps = -(-math.prod(kernel["threads"]) // 32)
                    self.assertLessEqual(warps * 32 * (kernel["registers"] + 7) // 8 * 8, 65536, "a launch would fail")
                    self.assertTrue(0 < kernel["loop"]["fmas"] < kernel["loop"]["instructions"])

    def test_code_of_a_driver_is_not_analyzed(self):
        self.expect_error(convoy("analyze", LAYERS[0], "--board", "opencl"), "opencl", "expected one of CUDA")


if __name__ == "__main__":
    unittest.main()
