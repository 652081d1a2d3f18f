"""convoy explain: bounds, traffic and schedules of layers and models, for every kind of board."""

import json
import os
import unittest
from pathlib import Path

from convoy_command import DIGITS, CommandTest, convoy

BOARDS = Path(__file__).parents[2] / "targets/boards"
LAYERS = ("g4ic64ih56oc64kh3ph1+bias+relu", "g32ic32ih28oc32kh3ph1", "ic256ih14oc512kh1sh2+add")


class Mistakes(CommandTest):
    def test_arguments(self):
        self.expect_error(convoy("explain"), "models")
        self.expect_error(convoy("explain", "toast"), "toast", "no such file, and no layer")
        self.expect_error(convoy("explain", "none.onnx"), "none.onnx")
        self.expect_error(convoy("explain", LAYERS[0], "--board", "toaster"), "toaster")


class Explanations(CommandTest):
    def setUp(self):
        """Without records, of the user or the project."""
        super().setUp()
        before = dict(os.environ)
        self.addCleanup(lambda: (os.environ.clear(), os.environ.update(before)))
        os.environ.update({"CONVOY_RECORDS_DB": str(self.folder / "records.sqlite"), "CONVOY_RECORDS": str(self.folder)})

    def explain(self, *arguments):
        result = convoy("explain", *arguments, "--json")
        self.assertEqual(result.returncode, 0, result.stderr)
        return json.loads(result.stdout)["kernels"]

    def check(self, kernel):
        sizes = [level["bytes"] for level in kernel["levels"]]
        bounds = [level["bound_bytes"] for level in kernel["levels"]]
        if kernel["levels"][0]["level"] == "registers":
            self.assertEqual(sizes, sorted(sizes))
        self.assertEqual(bounds, sorted(bounds, reverse=True), "a larger cache needs no more")
        for level in kernel["levels"]:
            self.assertGreaterEqual(level["bound_bytes"], level["compulsory_bytes"])
            if level["traffic_bytes"] is not None:
                self.assertGreaterEqual(level["traffic_bytes"], level["bound_bytes"] * (1 - 1e-9))
            for loop, extent in level["tile"].items():
                self.assertEqual(extent, int(extent))
                self.assertGreaterEqual(extent, 1, loop)
        times = [candidate["expected_us"] for candidate in kernel["candidates"]]
        self.assertEqual(times, sorted(times))
        self.assertGreater(len(times), 5)
        chosen = {key: kernel[key] for key in ("template", "parameters")}
        self.assertEqual(chosen, {key: kernel["candidates"][0][key] for key in chosen})
        roofline = max(kernel["compute_us"], kernel["memory_us"])
        self.assertAlmostEqual(kernel["percent_of_roofline"], 100 * roofline / kernel["expected_us"], places=6)

    def test_layers_of_every_board(self):
        for file in sorted(BOARDS.glob("*.json")):
            with self.subTest(file.stem):
                kernels = self.explain(*LAYERS, "--board", file.stem)
                self.assertEqual([kernel["steps"][0].split("+")[0] for kernel in kernels],
                                 ["g4ic64ih56oc64oh56kh3ph1", "g32ic32ih28oc32oh28kh3ph1", "g1ic256ih14oc512oh7kh1sh2ph0"])
                for kernel in kernels:
                    self.check(kernel)
                    is_gpu = json.loads(file.read_text())["family"] == "gpu"
                    names = [level["level"] for level in kernel["levels"]]
                    self.assertEqual(names[:2], ["units", "L2"] if is_gpu else ["registers", "L1"])

    def test_layouts(self):
        """No simpler rule is cheaper, no value would better be stored otherwise, and the reorders are there."""
        for board in ("avx2", "avx512", "cortex-a76"):
            with self.subTest(board):
                result = convoy("explain", DIGITS, "--layouts", "--board", board, "--json")
                self.assertEqual(result.returncode, 0, result.stderr)
                model, = json.loads(result.stdout)["models"]
                self.assertEqual([rule["rule"].split(" and ")[0] for rule in model["rules"]],
                                 ["nchw", "nchw", "one layer after the other"])
                for rule in model["rules"]:
                    self.assertGreaterEqual(rule["us"], model["us"] * (1 - 1e-9), rule)
                self.assertGreater(len(model["values"]), 3)
                for value in model["values"]:
                    self.assertNotEqual(value["stored"], value["other"])
                    self.assertGreaterEqual(value["more_us"], -1e-6, value)
                for reorder in model["reorders"]:
                    self.assertNotEqual(reorder["stored"], reorder["read"])
                    self.assertGreater(reorder["us"], 0)
                self.assertLessEqual(sum(reorder["us"] for reorder in model["reorders"]), model["us"])
        text = convoy("explain", DIGITS, "--layouts", "--board", "avx512").stdout
        for part in ("as assigned", "nChw16c", "otherwise", "us more"):
            self.assertIn(part, text)

    def test_a_layer_is_told_in_full(self):
        result = convoy("explain", LAYERS[0], "--board", "avx512", "--no-winograd")
        self.assertEqual(result.returncode, 0, result.stderr)
        lines = result.stdout.splitlines()
        header = next(line for line in lines if line.startswith("level"))
        rows = lines[lines.index(header) + 1:][:4]
        self.assertEqual([row.split()[0] for row in rows], ["registers", "L1", "L2", "L3"])
        # Columns end where their titles do.
        for title in ("size KiB", "bound KiB", "traffic KiB", "ratio"):
            end = header.index(title) + len(title)
            for row in rows:
                self.assertNotEqual(row[end - 1], " ")
                self.assertEqual(row[end], " ")
        for word in ("schedule", "by the model", "roofline", "median", "worst"):
            self.assertIn(word, result.stdout)
        self.assertNotIn("winograd", result.stdout)

    def test_winograd_is_held_to_each_array_once(self):
        kernel, = self.explain(LAYERS[0], "--board", "avx512")
        self.assertEqual(kernel["template"], "winograd")
        for level in kernel["levels"]:
            self.assertEqual(level["bound_bytes"], level["compulsory_bytes"])
        self.assertIn("fewer multiply-adds", convoy("explain", LAYERS[0], "--board", "avx512").stdout)

    def test_a_model(self):
        kernels = self.explain(DIGITS, "--board", "avx2")
        for kernel in kernels:
            self.assertGreater(kernel["macs"], 0)
            self.assertTrue(kernel["steps"])
        result = convoy("explain", DIGITS, "--board", "avx2")
        self.assertEqual(result.returncode, 0, result.stderr)
        for kernel in kernels:
            self.assertIn(kernel["kernel"], result.stdout)
        rows = [line.split() for line in result.stdout.splitlines()]
        total = next(row for row in rows if row[-2:] == ["in", "all"])
        self.assertEqual(int(total[0]), sum(len(kernel["steps"]) for kernel in kernels))
        self.assertAlmostEqual(float(total[1]),
                               sum(len(kernel["steps"]) * kernel["expected_us"] for kernel in kernels), places=1)
        self.assertIn("median", convoy("explain", DIGITS, "--board", "avx2", "--details").stdout)

    def test_a_record_is_named(self):
        layer = "g16ic16ih8oc16kh3ph1"
        self.compile(layer, "--board", "avx2", "--quiet")
        manifest = json.loads(next((self.out / "share").glob("*.json")).read_text())
        kernel, = self.explain(layer, "--board", "avx2")
        self.assertEqual(kernel["origin"], "model")
        slow = kernel["candidates"][3]
        record = {"kernel": kernel["kernel"], "threads": 1, "board": "avx2", "cpu": "a CPU", "halide": manifest["halide"],
                  "template": slow["template"], "version": 2, "parameters": slow["parameters"], "time_us": 0.001,
                  "default_us": 0.002, "predicted_us": 0.002, "measurements": 3, "at": 1760000000}
        file = self.write("mine.json", json.dumps({"format": "convoy-records-1", "records": [record]}).encode())
        kernel, = self.explain(layer, "--board", "avx2", "--records", file)
        self.assertEqual((kernel["parameters"], kernel["expected_us"]), (slow["parameters"], 0.001))
        self.assertIn("mine.json", kernel["origin"])
        self.assertIn("by the record of", convoy("explain", layer, "--board", "avx2", "--records", file).stdout)
        self.expect_error(convoy("explain", layer, "--board", "avx2", "--records", self.folder / "none.json"), "none.json")


if __name__ == "__main__":
    unittest.main()
