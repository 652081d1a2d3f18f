"""The files of a compiled library: the same bytes every time, no symbol that could clash with an app's."""

import shutil
import subprocess
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tools"))

from convoy_command import DIGITS, CommandTest, files_below

NM = shutil.which("llvm-nm") or shutil.which("nm")

# What a library may ask of the app's C library.
C_LIBRARY = {"memset", "memcpy", "memmove", "pthread_create", "pthread_detach", "syscall"}

PUBLIC = {"arena_bytes", "board", "error_text", "input_count", "input_shape", "output_count", "output_shape",
          "pool_arena_bytes", "run", "run_on_pool", "run_profiled", "step_count"}

# What all libraries of a process have in common.
SHARED = {"convoy_pool_1"}


def symbols(library, *options):
    lines = subprocess.run([NM, "--format=posix", *options, library], check=True, capture_output=True,
                           text=True).stdout.splitlines()
    return {fields[0] for fields in (line.split() for line in lines) if len(fields) > 1}


class Archive(CommandTest):
    def every_library(self):
        """Static libraries of one board and of two, and of a network with a softmax."""
        softmax = self.write("soft.onnx", softmax_model())
        self.compile(DIGITS, "--quiet")
        self.compile(DIGITS, "--name", "two", "--board", "avx2,avx512", "--quiet")
        self.compile(softmax, "--quiet")
        return [(name, self.out / "lib" / f"lib{name}.a") for name in ("digits", "two", "soft")]

    def test_symbols(self):
        for name, library in self.every_library():
            with self.subTest(name):
                defined = symbols(library, "--defined-only", "--extern-only")
                self.assertLessEqual({f"{name}_{function}" for function in PUBLIC}, defined)
                self.assertEqual({s for s in defined if not s.startswith(f"{name}_")}, SHARED)
                needed = symbols(library, "--undefined-only") - defined
                self.assertLessEqual(needed, C_LIBRARY)
                self.assertIn("pthread_create", needed)

    def test_shared_library(self):
        self.compile(DIGITS, "--shared", "--quiet")
        library = self.out / "lib" / "libdigits.so"
        defined = symbols(library, "--dynamic", "--defined-only")
        self.assertLessEqual({f"digits_{function}" for function in PUBLIC}, defined)
        self.assertEqual({s for s in defined if not s.startswith("digits_")}, SHARED)

    def test_same_input_same_bytes(self):
        for arguments in (["--board", "avx2,avx512"], ["--shared"]):
            with self.subTest(arguments):
                first, second = self.folder / "a" / "first", self.folder / "second"
                self.compile(DIGITS, "--quiet", "--jobs", "1", *arguments, out=first)
                self.compile(DIGITS, "--quiet", "--jobs", "3", *arguments, out=second)
                self.assertEqual(files_below(first), files_below(second))
                shutil.rmtree(first)
                shutil.rmtree(second)


def softmax_model():
    import onnx
    from onnx import TensorProto, helper
    graph = helper.make_graph(
        [helper.make_node("Softmax", ["x"], ["y"], axis=1)], "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [2, 10])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [2, 10])])
    return helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)], ir_version=8)


if __name__ == "__main__":
    unittest.main()
