"""Tests of bench/profiles.py with made-up steps and fake engines: python tests/bench/test_profiles.py"""

import contextlib
import io
import json
import sys
import tempfile
import unittest
import unittest.mock
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "bench"), str(Path(__file__).resolve().parent)]

from fakes import Fake
from harness import machine, results
from harness.errors import ModelError
from profiles import cli, memory, start, steps
from profiles.bars import bar_lines
from profiles.markdown import markdown
from profiles.row import FORMAT, ProfileRow
from profiles.table import columns
from small_model import write_model

ENGINES = ["convoy", "onnxruntime", "mnn"]
GROUPED = "conv2d g8ic64ih28oc64oh28kh3ph1+bias+relu nChw8c->nChw8c"
CLASSES = "conv2d g1ic64ih1oc10oh1kh1ph0+bias nchw->nchw"
REORDER = "reorder c3h32w32 nchw->nChw4c"
HOLD = 24 << 20
SHAPES = [(1, 3, 8, 8)]


def step(kernel, us, percent, reason="", macs=0, template="oc_vectors"):
    return {"kernel": kernel, "median_us": us, "percent_of_roofline": percent, "roofline_us": us * percent / 100,
            "reason": reason, "macs": macs, "schedule": {"template": template}}


STEPS = [step(REORDER, 10.0, 20, "data at 5 GB/s"), step(GROUPED, 60.0, 90, macs=6_000_000), step(GROUPED, 100.0, 50, "?"),
         step(CLASSES, 20.0, 30, "data from L3: 15.0 us"), step("softmax c10", 10.0, 100)]


def made_up_row(name, load_ms=4.0):
    engines = {"convoy": {"setting": "s", "load_ms": load_ms, "touch_ms": 1.0, "memory_bytes": 10_000_000},
               "onnxruntime": {"setting": "t", "load_ms": 40.0, "memory_bytes": 25_000_000},
               "mnn": {"left_out": "no Python package MNN"}}
    return ProfileRow(name, 100, compile_s=1.0, library_bytes=14_000, weight_bytes=4000, packed_bytes=10_000,
                      engines=engines, run_us=190.0, steps=steps.merged(STEPS, 1))


def made_up_report():
    rows = [made_up_row("wrn40_2_S"), made_up_row("mbv2_S", 7.5), ProfileRow("mbv2_G2", status="failed", reason="no kernel")]
    return results.Report("2026-01-02T03:04:05+00:00", machine.describe(), dict.fromkeys(ENGINES, "1.0"),
                          {"threads": 1, "cpus": [0], "batch": 1, "seconds": 1.0, "board": "host", "rows": 3},
                          list(ENGINES), rows, True)


class Ready(Fake):
    """A fake that needs no package and keeps memory; it converts into a file of its own."""

    def prepare(self):
        pass

    def convert(self, model, folder):
        product = folder / "converted"
        product.write_bytes(b"x" * 10_000)
        return product

    def load(self, model, threads):
        self.kept = np.ones(HOLD, np.uint8)


class Unwilling(Ready):
    """Cannot be loaded."""

    def load(self, model, threads):
        raise RuntimeError("op Foo")


class Steps(unittest.TestCase):
    def test_kinds(self):
        for kernel, kind in (
                (GROUPED, steps.GROUPED), (CLASSES, steps.POINTWISE), (REORDER, steps.REORDER),
                ("conv2d mb4g32ic32ih7oc32oh7kh1ph0 nchw->nchw", steps.GROUPED),
                ("conv2d ic64ih28oc64kh1 nchw->nchw", steps.POINTWISE),
                ("conv2d g1ic3ih32oc16oh32kh3ph1+bias nchw->nChw8c", steps.DENSE),
                ("conv2d g1ic3ih32iw9oc16oh32ow9kh1kw3ph0pw1 nchw->nChw8c", steps.DENSE),
                ("conv2d g1ic3ih32oc16oh32kh11ph0 nchw->nChw8c", steps.DENSE),
                ("separable_conv2d g64ic64ih56oc64oh56kh3ph1+bias oc64", steps.FUSED),
                ("two_level_conv2d g8ic64ih56", steps.FUSED), ("pool2d max c64", steps.POOL),
                ("elementwise c64h7w7+relu", steps.ELEMENTWISE), ("softmax c10", steps.OTHER)):
            self.assertEqual(steps.kind_of(kernel), kind, kernel)
            self.assertIn(kind, steps.KINDS)

    def test_equal_kernels_are_one_entry(self):
        entries = steps.merged(STEPS, 1)
        self.assertEqual([entry["kernel"] for entry in entries], [GROUPED, CLASSES, REORDER, "softmax c10"])
        self.assertEqual(entries[0], {"kernel": GROUPED, "template": "oc_vectors", "count": 2, "macs": 6_000_000,
                                      "us": 160.0, "roofline_us": 104.0, "below": 1, "unexplained": 1, "reason": "?"})
        self.assertEqual((entries[1]["below"], entries[1]["unexplained"]), (1, 0))
        self.assertEqual(steps.merged(STEPS, 2)[0]["roofline_us"], 52.0)
        self.assertEqual(len(steps.merged([*STEPS, step(GROUPED, 1.0, 90, template="winograd")], 1)), 5)

    def test_shares(self):
        row = made_up_row("a")
        self.assertEqual(row.outside(), 10.0)
        self.assertEqual(row.kinds(), {steps.GROUPED: 80.0, steps.POINTWISE: 10.0, steps.REORDER: 5.0, steps.OTHER: 5.0})
        self.assertAlmostEqual(row.roofline(), 100 * 110 / 180)
        self.assertEqual((row.layers("below"), row.layers("unexplained")), (3, 1))
        self.assertEqual((row.code_bytes(), row.packing()), (4000, 2.5))
        empty = ProfileRow("b")
        for value in (empty.outside(), empty.roofline(), empty.layers("below"), empty.code_bytes(), empty.packing()):
            self.assertIsNone(value)


class Reporting(unittest.TestCase):
    def setUp(self):
        self.report = made_up_report()
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.prefix = Path(folder.name) / "results"

    def test_bars(self):
        reasons, outside, code, load = bar_lines(self.report.rows)
        self.assertIn("missed by 2 of 2 networks (wrn40_2_S 1, mbv2_S 1)", reasons)
        self.assertIn("at most 8 % of the time: missed by 2 of 2 networks (wrn40_2_S 10.0 %", outside)
        self.assertIn("held by all 2 networks", code)
        self.assertIn("missed by 1 of 2 networks (mbv2_S 7.5 ms)", load)
        self.assertEqual(bar_lines(self.report.rows[2:]), [])
        alone = bar_lines(self.report.rows[:1])
        self.assertIn("missed by the only network (wrn40_2_S 1).", alone[0])
        self.assertTrue(alone[2].endswith(": held."))

    def test_markdown(self):
        text = markdown(self.report, "results.png")
        lines = text.splitlines()
        first = next(index for index, line in enumerate(lines) if line.startswith("| Network"))
        self.assertEqual(len({line.count("|") for line in lines[first:first + 5]}), 1)
        self.assertIn("(results.png)", text)
        self.assertIn("- MNN left out of wrn40_2_S, mbv2_S: no Python package MNN", text)
        self.assertIn("Memory over Convoy's, geometric means: ONNX Runtime 2.50x.", text)
        self.assertIn("- mbv2_G2: FAILED: no kernel", text)
        self.assertEqual(text.count("<details>"), 2)
        self.assertIn(f"| `{GROUPED}` | 2 | 160.0 | 80.0 % | 75.0 | 65 % | oc_vectors | 1 of 2: ? |", lines)
        self.assertIn(f"| `{REORDER}` | 1 | 10.0 | 5.0 % |  | 20 % | oc_vectors | data at 5 GB/s |", lines)

    def test_terminal_table_lines_up(self):
        from harness.table import TerminalTable
        table = TerminalTable("network", columns(ENGINES), [row.name for row in self.report.rows])
        lines = [*table.header().splitlines()[1:], *map(table.row, self.report.rows)]
        self.assertEqual(len({len(line) for line in lines}), 1)

    def test_files_and_rendering_again(self):
        written = cli.Profile().write_files(self.report, self.prefix)
        self.assertEqual([path.name for path in written], ["results.json", "results.md", "results.png"])
        self.assertEqual(written[2].read_bytes()[:4], b"\x89PNG")
        self.assertEqual(results.load(written[0], FORMAT, ProfileRow), self.report)
        before = written[1].read_text()
        written[1].unlink()
        with contextlib.redirect_stdout(io.StringIO()) as shown:
            self.assertEqual(cli.main(["--from", str(written[0])]), 0)
        self.assertIn("mbv2_G2: FAILED: no kernel", shown.getvalue())
        self.assertEqual(written[1].read_text(), before)

    def test_nothing_measured_has_no_picture(self):
        self.report.rows = self.report.rows[2:]
        self.assertFalse(cli.Profile().write_png(self.report, self.prefix))
        self.assertIn("FAILED", markdown(self.report, "x.png"))


class Starting(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.conditions = cli.Conditions(1, None, self.folder)
        fewer = unittest.mock.patch.object(start, "PROCESSES", 2)
        fewer.start()
        self.addCleanup(fewer.stop)

    def start(self, candidates, reference=None):
        return start.first_that_works(candidates, "unused.onnx", SHAPES, self.conditions, reference,
                                      lambda stage, share: None)

    def test_a_process_tells_time_and_memory(self):
        found, outputs = self.start([Ready("mnn", 2)])
        self.assertEqual((found["setting"], found["processes"]), ("2 ms", 2))
        self.assertTrue(0 < found["load_ms"] < found["first_ms"])
        self.assertGreaterEqual(found["warm_ms"], 2)
        self.assertTrue(0.9 * HOLD < found["memory_bytes"] < 2 * HOLD, found)
        self.assertEqual(outputs[0].shape, SHAPES[0])

    def test_a_setting_that_fails_is_passed_over(self):
        right = self.start([Ready("onnxruntime")])[1]
        found, _ = self.start([Unwilling("mnn", 1), Ready("mnn", 0, offset=1), Ready("mnn", 3)], right)
        self.assertEqual(found["setting"], "3 ms")
        self.assertEqual(list(found["refused"]), ["1 ms", "0 ms"])
        self.assertIn("op Foo", found["refused"]["1 ms"])
        self.assertEqual(found["error"], 0.0)
        found, outputs = self.start([Unwilling("mnn", 1)])
        self.assertEqual((list(found), outputs), (["left_out"], None))
        with self.assertRaisesRegex(ModelError, "convoy: relative error"):
            start.started(Wrong("convoy", offset=1), "unused.onnx", SHAPES, self.conditions, right, 4096,
                          lambda stage, share: None)

    def test_memory_counts_from_the_beginning(self):
        big = np.ones(2 * HOLD, np.uint8)
        del big
        before = memory.begin()
        kept = np.ones(HOLD, np.uint8)
        used = memory.peak_bytes() - before
        self.assertTrue(0.9 * len(kept) < used < 1.5 * HOLD, used)

    def test_touching_pages_takes_time(self):
        file = self.folder / "weights"
        file.write_bytes(bytes(HOLD))
        self.assertTrue(0 < start.touch_ms(file, 4096) < start.touch_ms(file, HOLD))


class Wrong(Ready):
    """Has a library, as Convoy has."""

    def convert(self, model, folder):
        product = super().convert(model, folder)
        self.library = str(product)
        return product


class CommandLine(unittest.TestCase):
    def test_errors_are_one_line(self):
        for arguments in (["--bogus"], ["--batch", "0"], ["--engines", "foo"], ["--engines", "onnxruntime"],
                          ["absent.onnx"], ["nope_*"], ["--suite", "foo"], ["--threads", "100000"], ["--cpus", "x"], ["--from", "absent.json"],
                          ["--convoy", "absent", "wrn40_2_S"], ["--from", "a.json", "mbv2_S"]):
            with contextlib.redirect_stderr(io.StringIO()) as shown:
                self.assertEqual(cli.main(arguments), 1)
            self.assertRegex(shown.getvalue(), r"\Aprofiles.py: [^\n]*expected [^\n]*\n\Z")

    def test_suites(self):
        for suite, count in (("papers", 40), ("torchvision", 11), ("torchvision-dynamo", 11)):
            with contextlib.redirect_stderr(io.StringIO()) as shown:
                self.assertEqual(cli.main(["--suite", suite, "nope_*"]), 1)
            self.assertIn(f"none of the {count} networks", shown.getvalue())

    def test_the_standard_library_is_not_hidden(self):
        import cProfile
        self.assertTrue(cProfile.run.__doc__)

    def run_with(self, script, folder):
        """The row of a network with a compiler that is a shell script."""
        compiler = folder / "convoy"
        compiler.write_text(f"#!/bin/sh\n[ $1 = --version ] && echo convoy 9 && exit\n{script}")
        compiler.chmod(0o755)
        model = write_model(folder)
        with contextlib.redirect_stdout(io.StringIO()) as shown:
            code = cli.main([model, "--convoy", str(compiler), "--work", str(folder / "work"), "--engines", "convoy"])
        saved = json.loads((folder / "work" / "results.json").read_text())
        return code, shown.getvalue(), saved["rows"][0]

    def test_a_network_that_fails_says_why(self):
        with tempfile.TemporaryDirectory() as folder:
            code, shown, row = self.run_with("echo 'node 3: op Foo' >&2\nexit 1\n", Path(folder))
            self.assertEqual((code, row["status"]), (1, "failed"))
            self.assertIn("relu_S: FAILED: convoy compile, exit code 1: node 3: op Foo", shown)
            self.assertFalse((Path(folder) / "work" / "libraries" / "relu_S").exists())

    def test_a_bench_that_fails_says_why(self):
        script = """\
if [ $1 = bench ]; then echo "$2: no such library" >&2; exit 3; fi
mkdir -p "$6/lib" "$6/share" && touch "$6/lib/librelu_S.so" &&
echo '{"parameters": 0, "weight_bytes": 0}' > "$6/share/relu_S.json"
"""
        with tempfile.TemporaryDirectory() as folder:
            code, _, row = self.run_with(script, Path(folder))
            self.assertEqual((code, row["status"]), (1, "failed"))
            self.assertRegex(row["reason"], r"convoy bench: exit code 3: .*relu_S: no such library")


if __name__ == "__main__":
    unittest.main()
