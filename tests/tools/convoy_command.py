"""Runs the convoy command for tests: $CONVOY is its path, $CONVOY_DIGITS an ONNX model."""

import os
import subprocess
import tempfile
import unittest
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

CONVOY = os.environ["CONVOY"]
DIGITS = Path(os.environ["CONVOY_DIGITS"])


def convoy(*arguments, **options):
    return subprocess.run([CONVOY, *map(str, arguments)], capture_output=True, text=True, timeout=120, **options)


def files_below(folder):
    """Path -> content of everything in a folder; folders count too."""
    return {path.relative_to(folder): path.read_bytes() if path.is_file() else None
            for path in sorted(Path(folder).rglob("*"))}


def one_conv(dims=(1, 3, 8, 8), oc=4, op="Conv", value=0.25, name="conv", **attributes):
    """A model of one node with a 3x3 kernel."""
    weights = np.full((oc, dims[1], 3, 3), value, np.float32)
    graph = helper.make_graph(
        [helper.make_node(op, ["x", "w"], ["y"], name=name, **attributes)], "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, dims)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        [numpy_helper.from_array(weights, "w")])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 8
    return model


class CommandTest(unittest.TestCase):
    """Works in a folder of its own."""

    def setUp(self):
        temporary = tempfile.TemporaryDirectory(prefix="convoy-test-")
        self.addCleanup(temporary.cleanup)
        self.folder = Path(temporary.name)
        self.out = self.folder / "out"

    def write(self, name, content):
        path = self.folder / name
        if isinstance(content, onnx.ModelProto):
            content = content.SerializeToString(deterministic=True)
        path.write_bytes(content)
        return path

    def compile(self, model, *arguments, out=None):
        """Compiles and expects success."""
        result = convoy("compile", model, "-o", out or self.out, *arguments)
        self.assertEqual(result.returncode, 0, result.stderr)
        return result

    def expect_error(self, result, *words):
        """Exit code 1 and one line that has all the words."""
        self.assertEqual(result.returncode, 1, result.stdout + result.stderr)
        self.assertEqual(result.stdout, "")
        self.assertRegex(result.stderr, r"\Aconvoy: [^\n]+\n\Z")
        for word in words:
            self.assertIn(str(word), result.stderr)
