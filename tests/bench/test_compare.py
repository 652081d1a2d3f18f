"""Tests of bench/compare.py with fake engines: python tests/bench/test_compare.py"""

import contextlib
import io
import json
import math
import sys
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "bench"), str(Path(__file__).resolve().parent)]

import numpy as np
import onnx
from compare import cli, isolate, machine, networks, options, plot, results, stats, timing
from compare.arrays import aligned_empty, compare_outputs, random_inputs
from compare.build import c_name
from compare.errors import NetworkError, UserError
from compare.markdown import markdown
from compare.measure import Job, measure
from compare.summary import groups, ratio
from compare.table import TerminalTable, group_lines
from fakes import Broken, Crash, Fake, LateNan

NAMES = ["wrn40_2_S", "wrn40_2_G2", "wrn40_2_G4", "wrn40_2_GN", "mbv1_G4", "mbv1_g4", "resnext50_g2"]
ENGINES = ["convoy", "onnxruntime", "openvino"]


def times(milliseconds):
    return {"setting": "s", "error": 1e-6, "min_ms": milliseconds * 0.9, "median_ms": milliseconds,
            "p90_ms": milliseconds * 1.1, "count": 50}


def made_up_row(name, convoy, peer):
    network = networks.Network(name)
    macs = 1_000_000 * (100 + NAMES.index(name) * 50)
    return results.Row(name, network.family, network.variant, macs, 1000, compile_s=12.3, library_bytes=4_500_000,
                       rounds=10, engines=dict(zip(ENGINES, (times(convoy), times(peer), times(peer * 2)))))


def made_up_report():
    rows = [made_up_row(name, 2.0, 2.0 + index) for index, name in enumerate(NAMES)]
    rows[1].status, rows[1].reason = "wrong", "convoy: relative error 1e-01"
    rows[2] = results.Row(rows[2].name, rows[2].family, rows[2].variant, status="failed", reason="no kernel")
    return results.Report("2026-01-02T03:04:05+00:00", machine.describe(), dict.fromkeys(ENGINES, "1.0"),
                          {"threads": 1, "cpus": [0], "batch": 1, "seconds": 1.0, "board": "host",
                           "networks": len(NAMES)}, list(ENGINES), rows, True)


def write_model(folder, name="relu_S"):
    """A model that rectifies 1x3x8x8; its path."""
    side = [onnx.helper.make_tensor_value_info(value, onnx.TensorProto.FLOAT, [1, 3, 8, 8]) for value in "xy"]
    graph = onnx.helper.make_graph([onnx.helper.make_node("Relu", ["x"], ["y"])], name, side[:1], side[1:])
    path = Path(folder) / f"{name}.onnx"
    onnx.save(onnx.helper.make_model(graph), path)
    return str(path)


class Statistics(unittest.TestCase):
    def test_geomean(self):
        self.assertAlmostEqual(stats.geomean([1, 4, 16]), 4.0)
        self.assertTrue(math.isnan(stats.geomean([])))

    def test_summary_of_samples(self):
        summary = stats.summarise([4_000_000, 1_000_000, 3_000_000, 2_000_000])
        self.assertEqual(summary, {"min_ms": 1.0, "median_ms": 2.5, "p90_ms": 4.0, "count": 4})

    def test_percentile(self):
        self.assertEqual(stats.percentile(range(1, 11), 0.9), 9)
        self.assertEqual(stats.percentile([7], 0.9), 7)


class Selection(unittest.TestCase):
    def names(self, *requests, families=None):
        return [network.name for network in networks.select(requests, families, NAMES)]

    def test_patterns(self):
        self.assertEqual(self.names(), NAMES)
        self.assertEqual(self.names("wrn40_2_G*"), ["wrn40_2_G2", "wrn40_2_G4", "wrn40_2_GN"])
        self.assertEqual(self.names("mbv1_g4", "mbv1_*"), ["mbv1_g4", "mbv1_G4"])
        self.assertEqual(self.names(families=["mbv1"]), ["mbv1_G4", "mbv1_g4"])

    def test_files(self):
        with tempfile.TemporaryDirectory() as folder:
            path = write_model(folder)
            (network,) = networks.select([path], None, NAMES)
        self.assertEqual((network.name, network.family, network.variant), ("relu_S", "relu", "S"))

    def test_errors_name_the_argument(self):
        for requests, families in ((["nope_*"], None), (["absent.onnx"], None), ([], ["nope"])):
            with self.assertRaisesRegex(UserError, "nope|absent.onnx"):
                networks.select(requests, families, NAMES)

    def test_catalogue_fits_the_families(self):
        known = [networks.Network(name) for name in networks.catalogue()]
        self.assertEqual(len(known), 40)
        self.assertEqual({network.family for network in known}, {"wrn40_2", "resnet34", "mbv2", "mbv1", "resnext50"})

    def test_c_names(self):
        self.assertEqual([c_name("a-b.c"), c_name("3d"), c_name("wrn40_2_S")], ["a_b_c", "n_3d", "wrn40_2_S"])


class Outputs(unittest.TestCase):
    def test_relative_error(self):
        reference = [np.array([1.0, -4.0], np.float32)]
        error, fault = compare_outputs([reference[0] + np.float32(2e-4)], reference, 1e-4)
        self.assertAlmostEqual(error, 5e-5, places=6)
        self.assertIsNone(fault)
        self.assertIn("relative error", compare_outputs([reference[0] + 1], reference, 1e-4)[1])

    def test_what_can_never_match(self):
        good = np.ones((1, 2), np.float32)
        for mine, theirs in (([good * np.nan], [good]), ([good], [good * np.nan]), ([good * np.inf], [good]),
                             ([], [good]), ([good[0]], [good]), ([good], [good * 0])):
            self.assertIsNotNone(compare_outputs(mine, theirs, 1e-4)[1])

    def test_arrays(self):
        self.assertEqual(aligned_empty((3, 5)).ctypes.data % 64, 0)
        first, second = (random_inputs([(2, 3)])[0] for _ in range(2))
        np.testing.assert_array_equal(first, second)


class Timing(unittest.TestCase):
    def test_bursts(self):
        self.assertEqual(timing.burst_length(5_000_000, 1), 1)
        self.assertEqual(timing.burst_length(500_000, 1), 4)
        self.assertEqual(timing.kept([9, 1, 1, 1], 1), [1, 1, 1])
        self.assertEqual(timing.kept([9, 1, 1], 1), [9, 1, 1])
        self.assertEqual(timing.kept([9, 1], 4), [1])

    def test_rounds_use_every_order(self):
        order = []
        runs = {name: (lambda name=name: order.append(name) or timing.time.sleep(0.003)) for name in "ab"}
        samples, rounds = timing.interleave(runs, 1, 0.0, minimum_rounds=4)
        self.assertEqual(order[-8:], list("abbaabba"))
        self.assertEqual((rounds, len(samples["a"]), len(samples["b"])), (4, 4, 4))


class Measuring(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.model = write_model(folder.name)

    def job(self, convoy):
        peers = {"onnxruntime": [Fake("onnxruntime", 6), Fake("onnxruntime", 4)]}
        return Job(self.model, {"convoy": [convoy], **peers}, "onnxruntime", 1, 0.05)

    def test_right(self):
        result = measure(self.job(Fake("convoy", 2)))
        self.assertEqual((result["status"], result["engines"]["onnxruntime"]["setting"]), ("ok", "4 ms"))
        self.assertGreaterEqual(result["rounds"], timing.MINIMUM_ROUNDS)
        self.assertLess(result["engines"]["convoy"]["median_ms"], result["engines"]["onnxruntime"]["median_ms"])

    def test_wrong_is_not_timed(self):
        for convoy in (Fake("convoy", 2, offset=0.1), Fake("convoy", 2, offset=math.nan)):
            result = measure(self.job(convoy))
            self.assertEqual((result["status"], result["rounds"]), ("wrong", 0))
            self.assertNotIn("median_ms", result["engines"]["convoy"])

    def test_wrong_only_after_the_rounds(self):
        result = measure(self.job(LateNan("convoy", 2)))
        self.assertEqual(result["status"], "wrong")
        self.assertRegex(result["reason"], "after 10 rounds, convoy: .*NaN")

    def test_own_process(self):
        stages = []
        result = isolate.measure_apart(self.job(Fake("convoy", 2)), lambda stage, share: stages.append(stage))
        self.assertEqual(result["status"], "ok")
        self.assertIn("measuring", stages)
        for engine, reason in ((Broken("convoy"), "convoy: no kernel for Foo$"),
                               (Crash("convoy"), "SIGABRT while loading convoy")):
            with self.assertRaisesRegex(NetworkError, reason):
                isolate.measure_apart(self.job(engine))


class Reporting(unittest.TestCase):
    def setUp(self):
        self.report = made_up_report()
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.prefix = Path(folder.name) / "results"

    def test_ratios_and_groups(self):
        self.assertEqual(ratio(self.report.rows[0]), 1.0)
        self.assertIsNone(ratio(self.report.rows[1]))
        self.assertIsNone(ratio(self.report.rows[2]))
        grouped, dense, e2gc, everything = groups(self.report.rows)
        self.assertEqual((grouped.count, grouped.worst_name), (1, "wrn40_2_GN"))
        self.assertEqual((dense.count, dense.worst), (1, 1.0))
        self.assertEqual((e2gc.count, e2gc.worst, e2gc.worst_name), (3, 3.0, "mbv1_G4"))
        self.assertAlmostEqual(e2gc.mean, (3 * 3.5 * 4) ** (1 / 3))
        self.assertEqual(everything.count, 5)
        self.assertEqual(len({line.index("geometric") for line in group_lines(self.report.rows)}), 1)

    def test_terminal_table_lines_up(self):
        table = TerminalTable(ENGINES, NAMES)
        lines = [*table.header().splitlines()[1:], *map(table.row, self.report.rows)]
        self.assertEqual(len({len(line) for line in lines}), 1)
        self.assertIn("WRONG", lines[3])
        self.assertIn("FAILED", lines[4])

    def test_markdown(self):
        text = markdown(self.report)
        lines = [line for line in text.splitlines() if line.startswith("|")]
        self.assertEqual(len({line.count("|") for line in lines[:2 + len(NAMES)]}), 1)
        self.assertIn("- wrn40_2_G4: FAILED: no kernel", text)
        self.assertIn("| 1.00x |", text)

    def test_json_round_trip(self):
        path = self.prefix.with_suffix(".json")
        results.save(self.report, path)
        self.assertEqual(results.load(path), self.report)
        data = json.loads(path.read_text())
        data["rows"][0]["extra"] = 1
        path.write_text(json.dumps(data))
        for broken in (path, Path(__file__), path.with_name("absent.json")):
            with self.assertRaisesRegex(UserError, broken.name):
                results.load(broken)

    def test_files_and_rendering_again(self):
        written = cli.write_files(self.report, self.prefix)
        self.assertEqual([path.suffix for path in written], [".json", ".md", ".png"])
        before = written[1].read_text()
        written[1].unlink()
        with contextlib.redirect_stdout(io.StringIO()) as shown:
            self.assertEqual(cli.main(["--from", str(written[0])]), 0)
        self.assertIn("mbv1_G4", shown.getvalue())
        self.assertEqual(written[1].read_text(), before)
        self.assertEqual(written[2].read_bytes()[:4], b"\x89PNG")

    def test_expected_line(self):
        rows = plot.family_rows(self.report.rows)["wrn40_2"]
        self.assertEqual(plot.baseline(rows).variant, "S")
        self.assertEqual(plot.expected(rows, "convoy"), [(100.0, 2.0), (250.0, 5.0)])

    def test_labels_are_spread(self):
        moved = plot.spread([0.0, 0.01, 0.02, 0.99, 1.0], 0.1)
        self.assertTrue(all(b - a > 0.0999 for a, b in zip(moved, moved[1:])))
        self.assertLessEqual(moved[-1], 1.0)


class CommandLine(unittest.TestCase):
    def test_errors_are_one_line(self):
        for arguments in (["--bogus"], ["--batch", "0"], ["--engines", "foo"], ["--engines", "openvino"],
                          ["absent.onnx"], ["--threads", "100000"], ["--cpus", "x"], ["--from", "absent.json"],
                          ["--convoy", "absent", "wrn40_2_S"], ["--from", "a.json", "mbv2_S"]):
            with contextlib.redirect_stderr(io.StringIO()) as shown:
                self.assertEqual(cli.main(arguments), 1)
            self.assertEqual(len(shown.getvalue().splitlines()), 1, shown.getvalue())
            self.assertIn("expected", shown.getvalue())

    def test_processors(self):
        self.assertEqual(machine.parse_cpus("3,1", 2, {0, 1, 3}), [1, 3])
        with self.assertRaisesRegex(UserError, "--cpus 9"):
            machine.parse_cpus("9", 1, {0, 1})
        self.assertEqual(len(machine.choose_cpus(1, {0})), 1)

    def test_a_row_that_fails_says_why(self):
        with tempfile.TemporaryDirectory() as folder:
            model = Path(write_model(folder))
            compiler = Path(folder) / "convoy"
            compiler.write_text("#!/bin/sh\necho 'node 3: op Foo' >&2\nexit 1\n")
            compiler.chmod(0o755)
            chosen = options.parse(["--convoy", str(compiler), "--work", folder])
            row = cli.measure_network(networks.Network("relu_S", model), chosen, [0], {"convoy": "1"},
                                      lambda stage, share: None)
            self.assertEqual((row.status, row.macs), ("failed", 0))
            self.assertIn("node 3: op Foo", row.reason)
            self.assertFalse((Path(folder) / "libraries" / "relu_S").exists())


if __name__ == "__main__":
    unittest.main()
