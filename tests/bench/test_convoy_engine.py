"""Tests of the engine that calls a compiled network, on a small library written in C."""

import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "bench")]

import numpy as np
from harness.engines import Convoy
from harness.errors import ModelError

COMPILER = shutil.which("cc")

SOURCE = r"""
#include <stddef.h>
#include <stdint.h>
size_t net_arena_bytes(void) { return 4; }
int net_input_count(void) { return 2; }
int net_output_count(void) { return 1; }
static int shape(int64_t dims[8], int *rank) { dims[0] = 1; dims[1] = 3; *rank = 2; return 0; }
int net_input_shape(int i, int64_t dims[8], int *rank) { return i < 2 ? shape(dims, rank) : 2; }
int net_output_shape(int i, int64_t dims[8], int *rank) { return i < 1 ? shape(dims, rank) : 2; }
const char *net_error_text(int code) { return code == 9 ? "threads are too many" : "bad index"; }
int net_run(const float *const *inputs, float *const *outputs, void *arena, int threads) {
    if ((uintptr_t)arena % 64) return 1;
    if (threads > 4) return 9;
    for (int i = 0; i < 3; ++i) outputs[0][i] = inputs[0][i] - inputs[1][i];
    return 0;
}
"""


@unittest.skipUnless(COMPILER, "no C compiler")
class ConvoyEngine(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.folder.cleanup)
        source = Path(cls.folder.name) / "net.c"
        source.write_text(SOURCE)
        cls.library = source.with_name("libnet.so")
        subprocess.run([COMPILER, "-shared", "-fPIC", source, "-o", cls.library], check=True)

    def bound(self, threads=1, shapes=((1, 3), (1, 3))):
        engine = Convoy(self.library, "net")
        engine.load("unused.onnx", threads)
        engine.bind([np.arange(3, dtype=np.float32).reshape(shape) * (index + 1)
                     for index, shape in enumerate(shapes)])
        return engine

    def test_runs(self):
        engine = self.bound()
        self.assertTrue(np.isnan(engine.outputs()[0]).all())
        engine.run()
        np.testing.assert_array_equal(engine.outputs()[0], [[0, -1, -2]])

    def test_errors_have_the_librarys_text(self):
        with self.assertRaisesRegex(ModelError, "net_run returned 9: threads are too many"):
            self.bound(threads=5).run()

    def test_other_shapes_than_the_models(self):
        with self.assertRaisesRegex(ModelError, r"expected \[\(3,\), \(1, 3\)\] as in the model"):
            self.bound(shapes=((3,), (1, 3)))

    def test_missing_library_and_missing_function(self):
        for library, prefix in (("absent.so", "net"), (self.library, "other")):
            with self.assertRaises(ModelError):
                Convoy(library, prefix).load("unused.onnx", 1)


if __name__ == "__main__":
    unittest.main()
