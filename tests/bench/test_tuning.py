"""Tests of bench/tuning.py with made-up times: python tests/bench/test_tuning.py"""

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

from harness.errors import UserError
from tuning import cli, found as finding, report

SHAPE = "g16ic64ih56oc64oh56kh3ph1+bias+relu"


def kernel(text, uses=1, default_us=100.0, best_us=80.0, history=((2.0, 100.0), (4.0, 80.0)), **changes):
    return {"kernel": f"conv2d {text} nChw4c+1,1,1,1->nChw4c", "steps": [f"net/conv{i}" for i in range(uses)],
            "space": 300, "measurements": 40, "failures": 1, "default_us": default_us, "default": "group_lanes tile_oc=1",
            "best_us": best_us, "template": "group_lanes", "parameters": {"tile_ow": 7, "tile_oc": 4},
            "roofline_us": 50.0, "is_finished": True, "had_record": False, "history": list(map(list, history)), **changes}


def run(*kernels):
    return {"board": "zen4", "cpu": "a CPU", "halide": "21.0.0", "threads": 1, "seconds": 20.0, "kernels": list(kernels)}


# The second is used twice and gains nothing.
TWO = run(kernel(SHAPE), kernel("g1ic64ih56oc128oh56kh1ph0+bias", 2, 50.0, 50.0, [(3.0, 50.0)]))


class Finding(unittest.TestCase):
    def test_counts_and_means(self):
        found = finding.Found(TWO)
        self.assertEqual((found.default_us, found.best_us), (200.0, 180.0))
        self.assertAlmostEqual(found.of_tuned_speed(), math.sqrt(0.8))
        first, second = found.kernels
        self.assertEqual((first.gain, second.gain), (1.25, 1.0))
        self.assertEqual((first.saved_us, second.saved_us), (20.0, 0.0))
        self.assertEqual(first.schedule, "group_lanes tile_oc=4 tile_ow=7")

    def test_the_curve(self):
        self.assertEqual(finding.Found(TWO).curve(), [(0.0, 1.0), (2.0, 1.0), (3.0, 1.0), (4.0, 0.9), (20.0, 0.9)])

    def test_a_time_above_the_default_is_no_gain(self):
        slow = finding.Found(run(kernel(SHAPE, history=[(1.0, 130.0), (2.0, 90.0)])))
        self.assertEqual(slow.curve(), [(0.0, 1.0), (1.0, 1.0), (2.0, 0.9), (20.0, 0.8)])

    def test_when_it_was_near_its_final_speed(self):
        found = finding.Found(run(kernel(SHAPE, best_us=82.0, history=[(2.0, 100.0), (5.0, 84.5), (7.0, 84.0), (19.0, 80.0)])))
        self.assertEqual((found.seconds_to(0.95), found.seconds_to(1.0), found.seconds_to(0.5)), (7.0, 19.0, 0.0))
        self.assertIn("95 % of its final speed after 7 s", report.summary(found)[2])
        self.assertIsNone(finding.Found(run()).seconds_to(0.95))

    def test_what_was_not_searched_is_left_out(self):
        found = finding.Found(run(kernel(SHAPE), kernel("a", had_record=True), kernel("b", default_us=0, best_us=0),
                                  kernel("c", default_us=0)))
        self.assertEqual((len(found.kernels), found.had_record, found.not_reached), (1, 1, 2))
        said = " ".join(report.summary(found))
        self.assertIn("1 kernels had records", said)
        self.assertIn("2 kernels were not measured", said)
        self.assertNotIn("had records", " ".join(report.summary(finding.Found(TWO))))

    def test_the_bar(self):
        self.assertIn("89 % of the tuned speed in the geometric mean: the bar of 85 % is held",
                      report.summary(finding.Found(TWO))[1])
        self.assertIn("80 % of the tuned speed in the geometric mean: the bar of 85 % is missed",
                      report.summary(finding.Found(run(kernel(SHAPE))))[1])

    def test_names(self):
        other = kernel("x")
        other["kernel"] = f"conv2d {SHAPE} nchw->nchw"
        kernels = finding.Found(run(kernel(SHAPE), other, kernel("g1ic3"))).kernels
        self.assertEqual(finding.short_names(kernels),
                         [f"{SHAPE} nChw4c+1,1,1,1->nChw4c", f"{SHAPE} nchw->nchw", "g1ic3"])


class Command(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.file = Path(folder.name) / "found.json"

    def main(self, *arguments):
        with contextlib.redirect_stdout(io.StringIO()) as shown, contextlib.redirect_stderr(io.StringIO()) as errors:
            code = cli.main([str(argument) for argument in arguments])
        return code, shown.getvalue(), errors.getvalue()

    def test_table_page_and_picture(self):
        self.file.write_text(json.dumps(TWO))
        code, shown, errors = self.main(self.file)
        self.assertEqual((code, errors), (0, ""))
        lines = shown.splitlines()
        self.assertTrue(lines[1].startswith(SHAPE))  # what saves most
        self.assertEqual(lines[1].split(), [SHAPE, "1", "100.0", "80.0", "1.25x", "62", "40/300", "1", "group_lanes",
                                            "tile_oc=4", "tile_ow=7"])
        self.assertEqual(lines[0].index("schedule"), lines[1].index("group_lanes"))
        self.assertIn("200 us without tuning, 180 us tuned, 1.11x", shown)
        page = self.file.with_suffix(".md").read_text()
        self.assertIn("![Best so far, and what was gained](found.png)", page)
        rows = [line for line in page.splitlines() if line.startswith("|")]
        self.assertEqual(len({line.count("|") for line in rows}), 1)
        self.assertEqual(len(rows), 4)
        self.assertEqual(self.file.with_suffix(".png").read_bytes()[:4], b"\x89PNG")

    def test_out(self):
        self.file.write_text(json.dumps(TWO))
        self.assertEqual(self.main(self.file, "--out", self.file.parent / "a" / "b")[0], 0)
        self.assertTrue((self.file.parent / "a" / "b.png").exists())
        self.assertFalse(self.file.with_suffix(".md").exists())

    def test_errors_are_one_line(self):
        for text in ("{", "[]", "{}", json.dumps(run({"kernel": "a"})), json.dumps(run())):
            self.file.write_text(text)
            code, shown, errors = self.main(self.file)
            self.assertEqual((code, shown), (1, ""))
            self.assertRegex(errors, r"\Atuning.py: \S*found.json: [^\n]*expected [^\n]*\n\Z")
        self.assertIn("absent.json", self.main(self.file.parent / "absent.json")[2])
        with self.assertRaises(UserError):
            finding.load(self.write_list())

    def write_list(self):
        self.file.write_text("[1]")
        return self.file


if __name__ == "__main__":
    unittest.main()
