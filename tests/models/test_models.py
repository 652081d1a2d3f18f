"""The papers' networks: counts against the papers' tables, sanity of the graphs, the command."""

import hashlib
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import numpy as np
import onnx
import onnxruntime

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from models.compare import compare
from models.count import count
from models.networks import NETWORKS
from models.paper_tables import ERRATA, TABLES

# One network of each family, small enough to be built, checked and run in a few seconds.
FAMILIES = {
    "wrn40_2_G8": (3, 32, 32),
    "resnet34_GN": (3, 224, 224),
    "mbv2_GN": (3, 224, 224),
    "mbv1_G8": (3, 224, 224),
    "resnext50_g32": (3, 224, 224),
}


class PaperTables(unittest.TestCase):
    def test_every_network_has_its_row(self):
        rows = [network for table in TABLES for network in table.params.printed]
        self.assertEqual(rows, list(NETWORKS))
        self.assertEqual(len(rows), 40)
        for table in TABLES:
            self.assertEqual(list(table.params.printed), list(table.macs.printed))

    def test_every_printed_number(self):
        """Equal to the printed digits, or an erratum whose numbers are exact."""
        for row in compare():
            with self.subTest(network=row.network, column=row.column):
                if row.erratum is None:
                    self.assertEqual(row.rounded, row.printed)
                else:
                    self.assertNotEqual(row.rounded, row.printed)
                    self.assertEqual(row.counted, row.erratum.counted)
                    self.assertEqual(row.difference, row.erratum.difference)

    def test_errata_are_few_and_real_rows(self):
        rows = {(row.network, row.column) for row in compare()}
        self.assertEqual(len(rows), 80)
        self.assertEqual(len(ERRATA), 3)
        self.assertLessEqual({(erratum.network, erratum.column) for erratum in ERRATA}, rows)


class Counting(unittest.TestCase):
    def test_by_hand(self):
        """A grouped convolution with bias and a Gemm, small enough to count on paper."""
        model = onnx.parser.parse_model(
            """
            <ir_version: 8, opset_import: ["" : 17]>
            toy (float[2,4,5,5] input) => (float[2,3] output)
            <float[6,2,3,3] w, float[6] b, float[3,6] fw, float[3] fb> {
              x = Conv<group=2, pads=[1,1,1,1], strides=[2,2]>(input, w, b)
              p = GlobalAveragePool(x)
              f = Flatten(p)
              output = Gemm<transB=1>(f, fw, fb)
            }
            """
        )
        counts = count(onnx.shape_inference.infer_shapes(model, strict_mode=True))
        self.assertEqual(counts.conv_macs, 2 * 6 * 3 * 3 * 2 * 9)
        self.assertEqual(counts.gemm_macs, 2 * 3 * 6)
        self.assertEqual(counts.params_without_batch_norm_and_biases, 6 * 2 * 9 + 3 * 6)
        self.assertEqual(counts.biases, 6 + 3)

    def test_products_and_shapes_that_are_not_known(self):
        text = """
            <ir_version: 8, opset_import: ["" : 17]>
            toy (float[2,5,4] input) => (float[2,5,3] output) <float[4,3] w> { output = MatMul(input, w) }
            """
        counts = count(onnx.parser.parse_model(text))
        self.assertEqual((counts.macs, counts.params), (2 * 5 * 3 * 4, 4 * 3))
        with self.assertRaises(KeyError):
            count(onnx.parser.parse_model(text.replace("[2,5,3]", "[N,5,3]")))

    def test_macs_grow_with_the_batch_and_params_do_not(self):
        one, four = (count(NETWORKS["wrn40_2_G4"].skeleton(mb)) for mb in (1, 4))
        self.assertEqual(four.macs, 4 * one.macs)
        self.assertEqual(four.params, one.params)


class Graphs(unittest.TestCase):
    def test_shapes_and_names(self):
        for name, network in NETWORKS.items():
            with self.subTest(network=name):
                graph = network.skeleton(mb=3).graph
                self.assertEqual(graph.name, name)
                self.assertEqual([value.name for value in (*graph.input, *graph.output)], ["input", "output"])
                self.assertEqual(_dims(graph.output[0]), (3, 10 if name.startswith("wrn") else 1000))
                shaped = {value.name: _dims(value) for value in (*graph.value_info, *graph.output)}
                for node in graph.node:
                    self.assertTrue(node.name)
                    self.assertTrue(all(shaped[node.output[0]]), node.name)
                self.assertEqual(len({node.name for node in graph.node}), len(graph.node))

    def test_groups(self):
        """The groups that the names promise, of the second 3x3 convolution after the stem."""
        for name, groups in {
            "wrn40_2_S": 1,
            "wrn40_2_G16": 16,
            "wrn40_2_GN": 32,
            "resnet34_G8": 8,
            "mbv2_S": 1,
            "mbv2_GN": 96,
            "mbv1_G4": 16,
            "mbv1_g4": 4,
            "resnext50_G4": 32,
            "resnext50_g4": 4,
        }.items():
            with self.subTest(network=name):
                graph = NETWORKS[name].skeleton().graph
                kernels = [_attributes(node) for node in graph.node if node.op_type == "Conv"]
                grouped = [kernel["group"] for kernel in kernels[1:] if kernel["kernel_shape"] == [3, 3]]
                self.assertEqual(grouped[1], groups)


class Models(unittest.TestCase):
    def test_families(self):
        """Checked by ONNX, counted as their skeletons, the same bytes again, and sane in ONNX Runtime."""
        for name, input_dims in FAMILIES.items():
            with self.subTest(network=name):
                model = NETWORKS[name].model(mb=2, seed=1)
                onnx.checker.check_model(model, full_check=True)
                self.assertEqual(count(model), count(NETWORKS[name].skeleton(mb=2)))
                serialized = model.SerializeToString(deterministic=True)
                again = NETWORKS[name].model(mb=2, seed=1).SerializeToString(deterministic=True)
                self.assertEqual(serialized, again)
                self._check_activations(model, input_dims)

    def test_seed_changes_the_weights(self):
        one, two = (NETWORKS["wrn40_2_GN"].model(seed=seed) for seed in (1, 2))
        for a, b in zip(one.graph.initializer, two.graph.initializer, strict=True):
            self.assertNotEqual(a.raw_data, b.raw_data, a.name)

    def test_weights_are_the_same_everywhere(self):
        """A fixed stream of numbers: recorded results stay comparable across NumPy versions and machines."""
        weight = NETWORKS["wrn40_2_GN"].model(seed=0).graph.initializer[0]
        self.assertEqual(weight.name, "conv1.weight")
        self.assertEqual(hashlib.sha256(weight.raw_data).hexdigest()[:16], "b6ade2719345e987")

    def _check_activations(self, model: onnx.ModelProto, input_dims: tuple[int, ...]) -> None:
        """Every batch norm and sum, and the output: finite, of order 1, different for different inputs.

        The output's share that depends on the input is smaller, because the global average evens it out.
        """
        for node in model.graph.node:
            if node.op_type in ("BatchNormalization", "Add"):
                model.graph.output.append(onnx.helper.make_empty_tensor_value_info(node.output[0]))
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        session = onnxruntime.InferenceSession(model.SerializeToString(), options)
        images = np.random.RandomState(0).standard_normal((2, *input_dims)).astype(np.float32)
        values = session.run(None, {"input": images})
        for described, value in zip(session.get_outputs(), values, strict=True):
            deviation = value.std()
            self.assertTrue(np.isfinite(value).all(), described.name)
            self.assertTrue(0.01 < deviation < 100, f"{described.name}: standard deviation {deviation}")
            self.assertLess(np.abs(value).max(), 100 * deviation, described.name)
            least = 0.5 if value.ndim == 4 else 0.05
            self.assertGreater((value[0] - value[1]).std(), least * deviation, described.name)


class Command(unittest.TestCase):
    def test_writes_only_what_it_names(self):
        with tempfile.TemporaryDirectory() as folder:
            output = Path(folder) / "new" / "folder"
            result = _write("wrn40_2_GN", "wrn40_2_GN", "-o", str(output), "--batch", "4", "--seed", "9")
            self.assertEqual((result.returncode, result.stderr), (0, ""))
            self.assertEqual([path.name for path in output.iterdir()], ["wrn40_2_GN.onnx"])
            written = (output / "wrn40_2_GN.onnx").read_bytes()
        expected = NETWORKS["wrn40_2_GN"].model(mb=4, seed=9)
        self.assertEqual(written, expected.SerializeToString(deterministic=True))

    def test_list_names_every_network(self):
        result = _write("--list")
        self.assertEqual(result.returncode, 0)
        self.assertEqual([line.split()[0] for line in result.stdout.splitlines()[1:]], list(NETWORKS))

    def test_papers_shows_every_printed_number(self):
        result = _write("--papers")
        self.assertEqual(result.returncode, 0)
        self.assertEqual(sum(line.split()[0] in NETWORKS for line in result.stdout.splitlines()), 80)

    def test_errors_are_one_line_and_write_nothing(self):
        with tempfile.TemporaryDirectory() as folder:
            blocked = Path(folder) / "file"
            blocked.touch()
            for arguments, expected in (
                (("wrn40_2_GN", "resnet43", "-o", folder), "'resnet43'; there are: wrn40_2_S, "),
                (("wrn40_2_GN",), "-o DIR"),
                (("-o", folder), "no network named"),
                (("wrn40_2_GN", "-o", folder, "--batch", "0"), "--batch must be at least 1"),
                (("wrn40_2_GN", "-o", folder, "--seed", "-1"), "--seed must be in"),
                (("wrn40_2_GN", "-o", folder, "--batch", "two"), "--batch"),
                (("wrn40_2_GN", "-o", str(blocked)), str(blocked)),
            ):
                with self.subTest(arguments=arguments):
                    result = _write(*arguments)
                    self.assertEqual(result.returncode, 1)
                    self.assertEqual(result.stdout, "")
                    self.assertEqual(len(result.stderr.splitlines()), 1, result.stderr)
                    self.assertIn(expected, result.stderr)
            self.assertEqual([path.name for path in Path(folder).iterdir()], ["file"])


def _write(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(ROOT / "models" / "write.py"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def _dims(value: onnx.ValueInfoProto) -> tuple[int, ...]:
    return tuple(dim.dim_value for dim in value.type.tensor_type.shape.dim)


def _attributes(node: onnx.NodeProto) -> dict:
    return {attribute.name: onnx.helper.get_attribute_value(attribute) for attribute in node.attribute}


if __name__ == "__main__":
    unittest.main()
