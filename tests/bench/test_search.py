"""Tests of bench/search.py with made-up times: python tests/bench/test_search.py"""

import contextlib
import io
import json
import math
import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "bench"), str(Path(__file__).resolve().parent)]

from search import cli, curves, report

LAYER = "g8ic8ih7oc8kh1"


def recorded(layer=LAYER, count=60, finds_at=4, informed=True):
    """A kernel whose best point, the last, the searches find after so many measurements."""
    times = [100.0 + index for index in range(count - 1)] + [50.0]
    times[3] = None

    def order(at):
        made = list(range(count // 2))
        made[at - 1] = count - 1
        return made
    methods = {"model": [order(finds_at), order(finds_at), order(finds_at + 6)]}
    if informed:
        methods["informed"] = [order(1)] * 3
    return {"layer": layer, "kernel": f"conv2d {layer} nchw->nchw", "cpu": "a CPU", "times_us": times, "default": 0,
            "stopped": [24, 16, 32], "methods": methods}


def made_up(*kernels):
    return {"format": cli.FORMAT, "date": "2026-01-02T03:04:05+00:00", "machine": {"cpu": "a CPU"},
            "versions": {"convoy": "1.2"}, "options": {"seeds": 3, "layers": [LAYER]}, "board": "zen4",
            "kernels": list(kernels)}


class Curves(unittest.TestCase):
    def test_best_so_far(self):
        self.assertEqual(curves.best_so_far([5.0, None, 3.0, 4.0], [1, 0, 3, 2]), [math.inf, 5.0, 4.0, 3.0])

    def test_a_kernel(self):
        kernel = curves.Kernel(recorded())
        self.assertEqual((kernel.count, kernel.tenth, kernel.best, kernel.default, kernel.failures),
                         (60, 6, 50.0, 100.0, 1))
        self.assertEqual(kernel.near("model", 3), 2.0)
        self.assertEqual(kernel.near("model", 4), 1.0)
        self.assertEqual(kernel.near("model", 6, max), 2.0)  # the third seed finds it later
        self.assertEqual(kernel.near("informed", 1), 1.0)
        self.assertEqual((kernel.needed("model"), kernel.needed("informed")), (4, 1))
        self.assertTrue(kernel.held())
        self.assertFalse(curves.Kernel(recorded(finds_at=7)).held())

    def test_random_order(self):
        kernel = curves.Kernel(recorded())
        self.assertGreater(kernel.near("random", 6), 1.5)
        self.assertEqual(curves.random_orders(60, 30), curves.random_orders(60, 30))
        for order in curves.random_orders(10, 10):
            self.assertEqual(sorted(order), list(range(10)))

    def test_a_kernel_that_is_never_near(self):
        kernel = curves.Kernel(recorded(informed=False) | {"methods": {"model": [list(range(30))]}})
        self.assertIsNone(kernel.needed("model"))
        self.assertEqual(report.cells(kernel)[-2], "> 30")
        self.assertEqual(report.cells(kernel)[7], "-")


class Command(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def main(self, *arguments):
        with contextlib.redirect_stdout(io.StringIO()) as shown, contextlib.redirect_stderr(io.StringIO()) as errors:
            code = cli.main([str(argument) for argument in arguments])
        return code, shown.getvalue(), errors.getvalue()

    def written(self, *kernels):
        path = self.folder / "results.json"
        path.write_text(json.dumps(made_up(*kernels)))
        return path

    def test_rendering_an_earlier_run(self):
        path = self.written(recorded(), recorded("g8ic16ih7oc16kh3ph1", 90, informed=False), recorded("ic8", 40, 3))
        before = path.read_bytes()
        code, shown, errors = self.main("--from", path)
        self.assertEqual((code, errors), (0, ""))
        lines = shown.splitlines()
        self.assertEqual(len({len(line) for line in lines[:5]}), 1)
        cells = lines[1].split()
        self.assertGreater(float(cells.pop(8).rstrip("x")), 1.5)  # random order
        self.assertEqual(cells, [LAYER, "60", "1", "2.000x", "6", "1.000x", "2.000x", "1.000x", "4", "24"])
        self.assertIn("with 10 % of the measurements, from nothing: held in all 3 layers", shown)
        self.assertIn("3 seeds; Convoy 1.2; 2026-01-02.", shown)
        self.assertEqual(path.read_bytes(), before)
        page = path.with_suffix(".md").read_text()
        self.assertIn("(results.png)", page)
        rows = [line for line in page.splitlines() if line.startswith("|")]
        self.assertEqual(len({line.count("|") for line in rows}), 1)
        self.assertEqual(path.with_suffix(".png").read_bytes()[:4], b"\x89PNG")

    def test_a_missed_bar_is_the_exit_code(self):
        code, shown, _ = self.main("--from", self.written(recorded(), recorded("ic8", finds_at=20)))
        self.assertEqual(code, 1)
        self.assertIn("missed in ic8.", shown)

    def test_errors_are_one_line(self):
        def refused(*arguments):
            code, shown, errors = self.main(*arguments)
            self.assertEqual((code, shown), (1, ""))
            self.assertRegex(errors, r"\Asearch.py: [^\n]*expected [^\n]*\n\Z")
            return errors
        path = self.folder / "x.json"
        for text in ("{", "[]", '{"format": "convoy-layers-1"}'):
            path.write_text(text)
            self.assertIn("x.json", refused("--from", path))
        self.assertIn("no kernel of which all", refused("--from", self.written()))
        self.assertIn("absent", refused("--convoy", self.folder / "absent"))
        self.assertIn("--seeds", refused("--seeds", "0"))
        refused(LAYER, "--from", path)

    def test_a_failing_tuner_is_told_of(self):
        compiler = self.folder / "convoy"
        compiler.write_text("#!/bin/sh\n[ $1 = --version ] && echo convoy 9 && exit\n"
                            "echo \"convoy: board $CONVOY_RECORDS_DB\" >&2; exit 1\n")
        compiler.chmod(0o755)
        code, _, errors = self.main("--convoy", compiler, "--replay", compiler, "--work", self.folder / "work")
        self.assertEqual(code, 1)
        self.assertRegex(errors, r"convoy tune: exit code 1.*expected success\n\Z")

    @unittest.skipUnless("CONVOY" in os.environ and (Path(os.environ["CONVOY"]).parent / "search_replay").exists(),
                         "no search_replay: built with CONVOY_BUILD_BENCH")
    def test_points_of_a_partly_measured_kernel_are_left_out(self):
        convoy = Path(os.environ["CONVOY"])
        database = self.folder / "records.sqlite"
        environment = os.environ | {"CONVOY_RECORDS": str(self.folder), "CONVOY_RECORDS_DB": str(database)}
        subprocess.run([convoy, "tune", LAYER, "--measurements", "2", "--time", "60s"], env=environment, check=True,
                       stdout=subprocess.DEVNULL)
        answer = subprocess.run([convoy.parent / "search_replay", database, LAYER], env=environment, text=True,
                                capture_output=True)
        self.assertEqual(answer.returncode, 0, answer.stderr)
        self.assertEqual(json.loads(answer.stdout)["kernels"], [])
        self.assertRegex(answer.stderr, r"conv2d .*: \d+ of \d+ points are measured, it is left out")


if __name__ == "__main__":
    unittest.main()
