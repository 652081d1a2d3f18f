"""`convoy compile` of one layer given as its descriptor."""

import io
import json
import unittest

import numpy as np

from convoy_command import CommandTest, convoy, files_below, one_conv

LAYER = "g2ic8ih9oc12kh3ph1+bias+relu"
DIMS = (12, 4, 3, 3)


def npy(array):
    stream = io.BytesIO()
    np.save(stream, array)
    return stream.getvalue()


class Layers(CommandTest):
    def arrays(self, dtype=np.float32, order="C"):
        """--weights and --bias of LAYER."""
        random = np.random.default_rng(1)
        weights = self.write("w.npy", npy(np.asarray(random.standard_normal(DIMS), dtype, order=order)))
        bias = self.write("b.npy", npy(random.standard_normal(12).astype(np.float32)))
        return ["--weights", weights, "--bias", bias]

    def verify(self, layer, library, *arguments):
        result = convoy("verify", layer, library, *arguments)
        self.assertEqual(result.returncode, 0, result.stderr)

    def test_weights_as_arguments(self):
        for layer, name in ((LAYER, "g2ic8ih9oc12oh9kh3ph1_bias_relu"), ("ic3ih8oc5kh1+add", "g1ic3ih8oc5oh8kh1ph0_add"),
                            ('ic3ih8oc5kh3n"res2a"+clip(0,6)', "res2a")):
            with self.subTest(layer):
                self.compile(layer)
                self.verify(layer, self.out / name)
                bench = convoy("bench", self.out / name, "--seconds", "0.05", "--json")
                self.assertEqual(json.loads(bench.stdout)["name"], name, bench.stderr)
                header = (self.out / "include" / f"{name}.h").read_text()
                self.assertIn(f"int {name}_pack(const float *weights, ", header)
                self.assertIn(f"{name}_PACKED_BYTES = ", header)

    def test_weights_baked_in(self):
        for order in "CF":
            arrays = self.arrays(order=order)
            self.compile(LAYER, *arrays, "--name", f"order_{order}", "--board", "avx2,avx512")
            self.verify(LAYER, self.out / f"order_{order}", *arrays)
            self.assertNotIn("_pack", (self.out / "include" / f"order_{order}.h").read_text())
        manifests = [json.loads((self.out / "share" / f"order_{order}.json").read_text()) for order in "CF"]
        self.assertEqual(manifests[0]["parameters"], 12 * 4 * 9 + 12)
        libraries = [(self.out / "lib" / f"liborder_{order}.a").read_bytes().replace(b"order_F", b"order_C")
                     for order in "CF"]
        self.assertEqual(len(libraries[0]), len(libraries[1]))

    def test_other_weights_differ(self):
        self.compile(LAYER, *self.arrays(), "--name", "one")
        other = self.write("other.npy", npy(np.ones(DIMS, np.float32)))
        result = convoy("verify", LAYER, self.out / "one", "--weights", other, "--bias", self.folder / "b.npy")
        self.assertEqual(result.returncode, 1)
        self.assertIn("differs from its model", result.stderr)

    def expect_nothing(self, words, *arguments):
        with self.subTest(arguments):
            before = files_below(self.folder)
            self.expect_error(convoy("compile", *arguments, "-o", self.out), *words)
            self.assertEqual(files_below(self.folder), before)

    def test_bad_descriptors(self):
        for descriptor, *words in (
                ("g4ic64ih56oc64kx3", "unknown letter 'kx'"), ("g4ic66ih56oc64kh3", "ic 66 is not divisible by g 4"),
                ("ic4ih2oc4kh3", "kh 3 exceeds ih 2"), ("ic4ih8oc4", "'kh' is missing"),
                ("ic4ih8oc4kh3+rleu", "'rleu'", "relu"), ("ic4ih8oc4kh3+relu+bias", "+bias"),
                ("missing", "no such file, and no layer", "missing"), ("", "no such file, and no layer")):
            self.expect_nothing(words, descriptor)
        self.expect_nothing(["missing.onnx"], "missing.onnx")

    def test_bad_arrays(self):
        good = self.arrays()
        whole = (self.folder / "w.npy").read_bytes()
        for name, content, *words in (
                ("shape", npy(np.zeros((12, 8, 3, 3), np.float32)), "(12, 8, 3, 3), expected (12, 4, 3, 3)"),
                ("rank", npy(np.zeros(12 * 36, np.float32)), "(432), expected (12, 4, 3, 3)"),
                ("double", npy(np.zeros(DIMS)), "'<f8', expected little-endian float32"),
                ("big_endian", npy(np.zeros(DIMS, ">f4")), "'>f4', expected"),
                ("truncated", whole[:-5], "ends after 430 of 432 floats"),
                ("long", whole + b"1234", "more than the 432 floats"),
                ("no_data", whole[:40], "ends in its header"), ("empty", b"", "not a .npy file"),
                ("version", whole[:6] + b"\x09" + whole[7:], "version 9, expected 1 to 3"),
                ("other", b"PK\x03\x04" * 100, "not a .npy file"),
                ("objects", npy(np.array([{}], object)), "'|O', expected"),
                ("records", npy(np.zeros(3, [("a", "<f4")])), "no 'descr'")):
            self.expect_nothing((f"{name}.npy", *words), LAYER, "--weights", self.write(f"{name}.npy", content), *good[2:])
        self.expect_nothing(["b.npy", "(12), expected (12, 4, 3, 3)"], LAYER, "--weights", good[3], *good[2:])
        self.expect_nothing(["none.npy", "cannot be read"], LAYER, "--weights", "none.npy", *good[2:])
        self.expect_nothing([self.folder, "cannot be read"], LAYER, "--weights", self.folder, *good[2:])
        self.expect_nothing(["has a bias, expected --bias"], LAYER, *good[:2])
        self.expect_nothing(["--bias without --weights"], LAYER, *good[2:])
        self.expect_nothing(["has no +bias"], "g2ic8ih9oc12kh3ph1", *good)

    def test_options_of_the_other_kind(self):
        model = self.write("m.onnx", one_conv())
        self.expect_nothing(["--weights and --bias are for a layer"], model, *self.arrays())
        self.expect_nothing(["--dim is for a model"], LAYER, "--dim", "N=1")

    def test_a_file_is_a_model(self):
        self.expect_nothing(["ic4ih8oc4kh3", "ONNX"], self.write("ic4ih8oc4kh3", b"no model"))


if __name__ == "__main__":
    unittest.main()
