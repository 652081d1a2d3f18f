"""Tests of bench/new_layers.py with made-up times, and one layer with the compiler: python tests/bench/test_new_layers.py"""

import contextlib
import io
import json
import os
import sys
import tempfile
import unittest
from collections import Counter
from dataclasses import replace
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "bench"), str(Path(__file__).resolve().parent)]

from harness import machine, results
from harness.engines import UNTUNED
from harness.table import TerminalTable
from layers import bars, shapes
from layers.options import SHAPES
from new_layers import cli, draw, options, report as reporting
from new_layers.row import FORMAT, NewLayerRow

NARROW, DEPTHWISE, WIDE, DENSE = (
    "g6ic72ih20oc72kh5sh1ph2", "g40ic40ih31oc40kh7sh2ph3", "g2ic40ih23oc40kh3sh1ph1", "g1ic72ih31oc16kh3sh2ph1")
NAMES = [NARROW, DEPTHWISE, WIDE, DENSE]
ENGINES = ["convoy", UNTUNED, "onnxruntime", "openvino", "ncnn"]
BANDWIDTH = {str(size): 50.0 for size in (1 << 18, 1 << 22, 1 << 27)}
SILENT = lambda stage, share: None
FOUND = {"board": "zen4", "cpu": "a CPU", "halide": "21.0.0", "threads": 1, "seconds": 20.0, "kernels": [
    {"kernel": "conv2d a nchw->nchw", "steps": ["a"], "space": 300, "measurements": 40, "failures": 1, "default_us": 100.0,
     "best_us": 81.0, "template": "group_lanes", "parameters": {}, "roofline_us": 50.0, "had_record": False,
     "history": [[2.0, 100.0], [4.0, 90.0], [7.0, 84.0], [19.0, 80.0]]}]}


def times(milliseconds, least=None):
    return {"setting": "s", "error": 1e-6, "min_ms": least or milliseconds * 0.9, "median_ms": milliseconds,
            "p90_ms": milliseconds * 1.1, "count": 50}


def made_up_row(name, tuned, untuned, peer, near_s=5.0, least_untuned=None):
    engines = {"convoy": times(tuned), UNTUNED: times(untuned, least_untuned), "onnxruntime": times(peer * 2),
               "openvino": times(peer), "ncnn": times(peer * 3)}
    return NewLayerRow(name, shapes.parse(name).macs, least_us=1.0, engines=engines, tuning_s=75.0, near_s=near_s,
                       measurements=400)


def made_up_report(*rows, engines=ENGINES):
    facts = {"isa": "avx512", "openvino_isa": None, "roofline": {"peak": 100.0, "read": BANDWIDTH, "copy": BANDWIDTH}}
    return results.Report("2026-01-02T03:04:05+00:00", machine.describe(), dict.fromkeys(engines, "1.0"),
                          {"threads": 1, "cpus": [0], "batch": 1, "seconds": 0.1, "board": "host", "rows": len(rows),
                           "seed": 1, "time": "75s", **facts}, list(engines), list(rows), True)


def four_layers():
    return made_up_report(made_up_row(NARROW, 1.0, 1.5, 4.0), made_up_row(DEPTHWISE, 1.0, 1.0, 1.0, near_s=70.0),
                          made_up_row(WIDE, 1.0, 0.9, 1.5), made_up_row(DENSE, 1.0, 0.9, 1.1, least_untuned=0.9))


class Drawing(unittest.TestCase):
    listed = shapes.read(SHAPES)

    def test_a_seed_is_a_list(self):
        twenty = draw.draw(20, 1, self.listed)
        self.assertEqual(twenty, draw.draw(20, 1, self.listed))
        self.assertEqual(twenty[:5], draw.draw(5, 1, self.listed))
        self.assertNotEqual(twenty, draw.draw(20, 2, self.listed))
        self.assertEqual(twenty[0].text, "g6ic48ih10oc48kh3sh1ph1")

    def test_layers_are_in_range_and_new(self):
        known = {replace(layer, text="") for layer in self.listed}
        for seed in range(10):
            drawn = draw.draw(40, seed, self.listed)
            shapes_of_them = {replace(layer, text="") for layer in drawn}
            self.assertEqual(len(shapes_of_them), 40)
            self.assertFalse(shapes_of_them & known)
            for layer in drawn:
                self.assertTrue(2e5 <= layer.macs <= 2e8, layer.text)
                self.assertTrue(7 <= layer.ih <= 112, layer.text)
                self.assertEqual(shapes.parse(layer.text), layer)

    def test_kinds_are_as_frequent(self):
        def kind(layer):
            if bars.is_depthwise(layer):
                return "depthwise"
            if layer.g == 1:
                return "dense"
            return "narrow" if bars.is_narrow(layer) else "wide"
        drawn = draw.draw(200, 3, self.listed)
        self.assertEqual(Counter(map(kind, drawn)), dict.fromkeys(("narrow", "depthwise", "wide", "dense"), 50))
        self.assertTrue(all(layer.channels_per_group >= 16 for layer in drawn if kind(layer) in ("wide", "dense")))
        self.assertEqual({layer.kh for layer in drawn}, {1, 3, 5, 7})
        self.assertEqual({layer.sh for layer in drawn}, {1, 2})

    def test_a_listed_layer_is_not_drawn(self):
        first, second = draw.draw(2, 1, [])
        drawn = draw.draw(2, 1, [shapes.parse(f"mb1{first.text}")])
        self.assertNotIn(first, drawn)


class Reporting(unittest.TestCase):
    def setUp(self):
        self.report = four_layers()
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def test_bars(self):
        found = {result.bar.title: (result.count, result.held, result.below, round(result.worst, 2))
                 for result in bars.results(self.report.rows, reporting.BARS)}
        self.assertEqual(found, {
            "fewer than 16 channels a group, and depthwise": (2, False, [DEPTHWISE], 1.0),
            "the rest": (2, True, [], 1.1),
            "tuned over untuned": (4, False, [WIDE], 0.9),  # DENSE: its minimum is as good
        })
        wide = made_up_row(WIDE, 1.0, 0.985, 1.5)
        self.assertTrue(bars.results([wide], reporting.BARS)[-1].held)

    def test_means_are_shown_without_a_bar_of_them(self):
        lines = "\n".join(reporting.ending(self.report))
        self.assertRegex(lines, r"and depthwise +2 +each 2\.00x +2\.00x +1\.00x \S+ +missed \(1 below\)")
        self.assertRegex(lines, r"the rest +2 +each 1\.00x +1\.28x +1\.10x \S+ +held")

    def test_bars_above_the_roofline_are_told(self):
        self.assertEqual(reporting.out_of_reach(self.report.rows), "")
        narrow, depthwise, _, _ = self.report.rows
        for row in (narrow, depthwise):
            row.least_us = 0.6 * row.us("openvino")
        said = f"Below a bar that is above the roofline: {DEPTHWISE}."  # NARROW is above its bar
        self.assertEqual(reporting.out_of_reach(self.report.rows), said)
        self.assertIn(said, reporting.ending(self.report))

    def test_when_the_search_was_near(self):
        self.assertEqual(reporting.near_line(self.report.rows), "95 % of the final speed within 60 s: 3 of 4 layers, the "
                         f"slowest after 70 s of 75 ({DEPTHWISE}).")
        self.assertEqual(reporting.near_line([NewLayerRow(WIDE, status="failed")]), "")

    def test_table_lines_up(self):
        self.report.rows[3] = NewLayerRow(DENSE, status="failed", reason="no kernel")
        table = TerminalTable("layer", reporting.columns(ENGINES), NAMES)
        shown = [*table.header().splitlines()[1:], *map(table.row, self.report.rows)]
        self.assertEqual(len({len(line) for line in shown}), 1)
        self.assertEqual(shown[2].split()[-6:], ["1.50", "138", "1", "75", "5", "400"])

    def test_files_and_rendering_again(self):
        written = cli.Comparison().write_files(self.report, self.folder / "results")
        self.assertEqual([path.suffix for path in written], [".json", ".md", ".png"])
        self.assertEqual(results.load(written[0], FORMAT, NewLayerRow), self.report)
        before = written[1].read_text()
        self.assertEqual(len({line.count("|") for line in before.splitlines() if line.startswith("| `g")}), 1)
        for said in ("drawn with seed 1", "for 75s", "results.png", reporting.RULE, "is Convoy compiled without records", "near s"):
            self.assertIn(said, before)
        with contextlib.redirect_stdout(io.StringIO()) as shown:
            self.assertEqual(cli.main(["--from", str(written[0])]), 0)
        self.assertIn(NARROW, shown.getvalue())
        self.assertEqual(written[1].read_text(), before)


class Command(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def chosen(self, *more):
        return options.parse(["--work", str(self.folder), "--time", "2s", "--seconds", "0.1", *more])

    def compiler(self, tune):
        """A compiler that tunes by the shell's line `tune`, compiles nothing, and writes down where it reads records."""
        path = self.folder / "convoy"
        path.write_text(f"#!/bin/sh\necho $1 $CONVOY_RECORDS_DB >> {self.folder}/asked\n"
                        f"[ $1 = tune ] && {{ {tune}; exit; }}\necho 'op Foo' >&2; exit 1\n")
        path.chmod(0o755)
        return str(path)

    def row(self, tune):
        return cli.measure_layer(shapes.parse(NARROW), self.chosen("--convoy", self.compiler(tune)), [0],
                                 made_up_report(), SILENT)

    def test_a_layer_is_tuned_from_nothing_and_compiled_with_what_was_found(self):
        (self.folder / "found").write_text(json.dumps(FOUND))
        old = self.folder / "tuned" / f"{NARROW}.sqlite"
        old.parent.mkdir()
        old.write_text("of an earlier run")
        # $2 is the model, --db $8, --json ${{10}}: the last run's database is gone.
        row = self.row(f"[ -e $8 ] && exit 1; cp {self.folder}/found ${{10}}")
        self.assertEqual((row.status, row.measurements, row.near_s), ("failed", 40, 7.0))
        self.assertIn("convoy compile, exit code 1: op Foo", row.reason)
        self.assertEqual((self.folder / "asked").read_text().splitlines(),
                         [f"tune {self.folder}/no-records.sqlite", f"compile {old}"])
        self.assertFalse((self.folder / "libraries").exists())

    def test_tuning_that_fails(self):
        row = self.row("echo 'no schedule' >&2; exit 3")
        self.assertEqual((row.status, row.tuning_s), ("failed", None))
        self.assertIn("convoy tune, exit code 3: no schedule", row.reason)

    def test_list(self):
        with contextlib.redirect_stdout(io.StringIO()) as shown:
            self.assertEqual(cli.main(["--list", "--count", "3", "--seed", "5"]), 0)
        self.assertEqual(shown.getvalue().split(),
                         [layer.text for layer in draw.draw(3, 5, shapes.read(SHAPES))])

    def test_errors_are_one_line(self):
        for arguments in (["--bogus"], ["nonsense"], ["--time", "5"], ["--time", "0s"], ["--count", "0"],
                          ["--convoy", "absent"], ["--engines", "ncnn"], ["--from", "absent.json"]):
            with contextlib.redirect_stderr(io.StringIO()) as shown:
                self.assertEqual(cli.main(arguments), 1)
            self.assertRegex(shown.getvalue(), r"\Anew_layers.py: [^\n]*expected [^\n]*\n\Z")

    @unittest.skipUnless("CONVOY" in os.environ, "no CONVOY: the compiler of the build")
    def test_a_layer(self):
        engines = ["convoy", UNTUNED, "onnxruntime"]
        row = cli.measure_layer(shapes.parse("g4ic16ih8oc16kh3sh1ph1"), self.chosen("--convoy", os.environ["CONVOY"]),
                                [min(os.sched_getaffinity(0))], made_up_report(engines=engines), SILENT)
        self.assertEqual((row.status, row.reason), ("ok", ""))
        self.assertEqual(set(row.engines), set(engines))
        self.assertGreater(row.gain(), 0)
        self.assertGreater(row.ratio(), 0)
        self.assertGreaterEqual(row.measurements, 1)
        self.assertTrue((self.folder / "tuned" / f"{row.name}.sqlite").exists())


if __name__ == "__main__":
    unittest.main()
