"""Tests of bench/compare.py with fake engines: python tests/bench/test_compare.py"""

import contextlib
import io
import json
import os
import sys
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "bench"), str(Path(__file__).resolve().parent)]

from compare import beside, cli, limits, networks, options, plot, scaling
from compare.markdown import markdown
from compare.row import FORMAT, NetworkRow
from compare.summary import groups
from compare.table import columns, group_lines, scaling_lines
from harness import machine, results
from harness.build import c_name
from harness.errors import UserError
from harness.table import TerminalTable
from profiles.row import FORMAT as PROFILES, ProfileRow
from small_model import write_model

NAMES = ["wrn40_2_S", "wrn40_2_G2", "wrn40_2_G4", "wrn40_2_GN", "mbv1_G4", "mbv1_g4", "resnext50_g2"]
KNOWN = [networks.Network(name) for name in NAMES]
ENGINES = ["convoy", "onnxruntime", "openvino"]


def times(milliseconds):
    return {"setting": "s", "error": 1e-6, "min_ms": milliseconds * 0.9, "median_ms": milliseconds,
            "p90_ms": milliseconds * 1.1, "count": 50}


def made_up_row(name, convoy, peer):
    network = networks.Network(name)
    macs = 1_000_000 * (100 + NAMES.index(name) * 50)
    return NetworkRow(name, macs, family=network.family, variant=network.variant, params=1000, compile_s=12.3,
                      library_bytes=4_500_000, rounds=10,
                      engines=dict(zip(ENGINES, (times(convoy), times(peer), times(peer * 2)))))


def made_up_report():
    rows = [made_up_row(name, 2.0, 2.0 + index) for index, name in enumerate(NAMES)]
    rows[1].status, rows[1].reason = "wrong", "convoy: relative error 1e-01"
    rows[2] = NetworkRow(rows[2].name, status="failed", reason="no kernel")
    return results.Report("2026-01-02T03:04:05+00:00", machine.describe(), dict.fromkeys(ENGINES, "1.0"),
                          {"threads": 1, "cpus": [0], "batch": 1, "seconds": 1.0, "board": "host",
                           "rows": len(NAMES)}, list(ENGINES), rows, True)


def step(kernel, us, roofline_us, template="oc_vectors"):
    return {"kernel": kernel, "template": template, "us": us, "roofline_us": roofline_us}


POINTWISE, DENSE = "conv2d g1ic64ih28oc64oh28kh1ph0 nchw->nchw", "conv2d g1ic64ih28oc64oh28kh3ph1 nchw->nchw"
GROUPED = "conv2d g8ic64ih28oc64oh28kh3ph1 nChw8c->nChw8c"
STEPS = {  # of 200, 100 and 50 us
    "wrn40_2_S": [step(GROUPED, 100.0, 50.0), step(DENSE, 40.0, 80.0, "winograd"), step("elementwise c64h7w7+relu", 40.0, 39.6),
                  step("reorder c3h32w32 nchw->nChw4c", 20.0, 10.0)],
    "mbv1_G4": [step(POINTWISE, 100.0, 50.0)],
    "mbv1_g4": [step(POINTWISE, 50.0, 100.0, "strassen")],
}


def write_profiles(path, **conditions):
    """Saves profiles of three of the networks, under the made-up report's conditions or others."""
    rows = [ProfileRow(name, steps=steps) for name, steps in STEPS.items()]
    rows.append(ProfileRow("wrn40_2_GN", status="failed", reason="no kernel"))
    options = {"threads": 1, "cpus": [0], "batch": 1, "seconds": 1.0, "board": "host", "rows": len(rows), **conditions}
    results.save(results.Report("2026-01-03T03:04:05+00:00", machine.describe(), {"convoy": "1.0"}, options, ["convoy"], rows, True),
                 path, PROFILES)
    return path


class Selection(unittest.TestCase):
    def names(self, *requests, families=None):
        return [network.name for network in networks.select(requests, families, KNOWN)]

    def test_patterns(self):
        self.assertEqual(self.names(), NAMES)
        self.assertEqual(self.names("wrn40_2_G*"), ["wrn40_2_G2", "wrn40_2_G4", "wrn40_2_GN"])
        self.assertEqual(self.names("mbv1_g4", "mbv1_*"), ["mbv1_g4", "mbv1_G4"])
        self.assertEqual(self.names(families=["mbv1"]), ["mbv1_G4", "mbv1_g4"])

    def test_files(self):
        with tempfile.TemporaryDirectory() as folder:
            path = write_model(folder)
            (network,) = networks.select([path], None, KNOWN)
        self.assertEqual((network.name, network.family, network.variant), ("relu_S", "relu", "S"))

    def test_errors_name_the_argument(self):
        for requests, families in ((["nope_*"], None), (["absent.onnx"], None), ([], ["nope"])):
            with self.assertRaisesRegex(UserError, "nope|absent.onnx"):
                networks.select(requests, families, KNOWN)

    def test_catalogue_fits_the_families(self):
        known = networks.catalogue()
        self.assertEqual(len(known), 40)
        self.assertEqual({network.family for network in known}, {"wrn40_2", "resnet34", "mbv2", "mbv1", "resnext50"})

    def test_torchvision_has_nine_families(self):
        for suite in ("torchvision", "torchvision-dynamo"):
            known = [network.name for network in networks.catalogue(suite)]
            self.assertEqual(len(known), 11)
            self.assertEqual(len({name.split("_")[0] for name in known}), 9)
        self.assertTrue(all(name.endswith("_dynamo") for name in known))

    def test_files_are_written_anew_only_when_older_than_their_script(self):
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "googlenet.onnx"
            suite = networks.SUITES["torchvision"]
            self.assertFalse(suite.is_current(file))
            file.touch()
            self.assertTrue(suite.is_current(file))
            os.utime(file, (0, 0))
            self.assertFalse(suite.is_current(file))

    def test_c_names(self):
        self.assertEqual([c_name("a-b.c"), c_name("3d"), c_name("wrn40_2_S")], ["a_b_c", "n_3d", "wrn40_2_S"])


class Reporting(unittest.TestCase):
    def setUp(self):
        self.report = made_up_report()
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.prefix = Path(folder.name) / "results"

    def test_ratios_and_groups(self):
        self.assertEqual(self.report.rows[0].ratio(), 1.0)
        self.assertEqual(self.report.rows[0].best_peer(), "onnxruntime")
        self.assertIsNone(self.report.rows[1].ratio())
        self.assertIsNone(self.report.rows[2].ratio())
        dense, depthwise, e2gc, everything = groups(self.report.rows)
        self.assertEqual((depthwise.count, depthwise.worst_name), (1, "wrn40_2_GN"))
        self.assertEqual((dense.count, dense.worst), (1, 1.0))
        self.assertEqual(dense.peers, {"onnxruntime": 1.0, "openvino": 2.0})
        self.assertEqual((e2gc.count, e2gc.worst, e2gc.worst_name), (3, 3.0, "mbv1_G4"))
        self.assertAlmostEqual(e2gc.mean, (3 * 3.5 * 4) ** (1 / 3))
        self.assertEqual(everything.count, 5)
        self.assertEqual((dense.holds(), e2gc.holds(), everything.expected), (False, True, None))
        lines = group_lines(self.report)
        self.assertEqual(len(lines), 5)
        self.assertIn("1.8x, each 1.3x: missed", lines[1])
        self.assertIn("1.5x, each 1x: held", lines[3])
        self.assertEqual({line[lines[0].index("Geometric") + 1] for line in lines[1:]}, {"."})

    def test_terminal_table_lines_up(self):
        table = TerminalTable("network", columns(self.report), NAMES)
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

    def test_another_run_beside_this_one(self):
        path = self.prefix.with_suffix(".json")
        results.save(self.report, path, FORMAT)
        self.report.options |= {"batch": 4, "threads": 2, "beside": beside.read(path)}
        self.report.rows[-1].engines["convoy"] = times(5.0)
        self.report.rows[-1].cpu_speeds = [0.6, 1.0]
        column, worth = beside.columns(self.report)
        self.assertEqual((worth.cell(self.report.rows[-1]), worth.cell(self.report.rows[0])), ("1.60", "-"))
        self.assertEqual(column.title, "vs 1 thread, batch 1")
        self.assertEqual([column.cell(self.report.rows[at]) for at in (0, 2, -1)], ["4.00", "-", "1.60"])
        self.assertIn("least 1.60x (resnext50_g2)", beside.lines(self.report)[0])
        self.assertIn("least 100% (resnext50_g2)", beside.lines(self.report)[1])
        for line in beside.lines(self.report):
            self.assertIn(line, markdown(self.report))
        self.assertIn("| 1.60 | 1.60 |", markdown(self.report))

    def test_json_round_trip(self):
        path = self.prefix.with_suffix(".json")
        results.save(self.report, path, FORMAT)
        self.assertEqual(results.load(path, FORMAT, NetworkRow), self.report)
        data = json.loads(path.read_text())
        data["rows"][0]["extra"] = 1
        path.write_text(json.dumps(data))
        for broken in (path, Path(__file__), path.with_name("absent.json")):
            with self.assertRaisesRegex(UserError, broken.name):
                results.load(broken, FORMAT, NetworkRow)

    def test_files_and_rendering_again(self):
        written = cli.Comparison().write_files(self.report, self.prefix)
        self.assertEqual([path.name for path in written], ["results.json", "results.md", "results.png",
                                                           "results-expected.png", "results-variants.png"])
        before = written[1].read_text()
        written[1].unlink()
        with contextlib.redirect_stdout(io.StringIO()) as shown:
            self.assertEqual(cli.main(["--from", str(written[0])]), 0)
        self.assertIn("mbv1_G4", shown.getvalue())
        self.assertEqual(written[1].read_text(), before)
        for picture in written[2:]:
            self.assertEqual(picture.read_bytes()[:4], b"\x89PNG")

    def test_networks_without_families_have_a_picture_too(self):
        for row in self.report.rows:
            row.family = ""
        path = self.prefix.with_suffix(".png")
        self.assertTrue(plot.write_png(self.report, path))
        self.assertEqual(path.read_bytes()[:4], b"\x89PNG")
        self.report.rows = self.report.rows[1:3]
        self.assertFalse(plot.write_png(self.report, path))

    def test_expected_line(self):
        rows = scaling.family_rows(self.report.rows)["wrn40_2"]
        self.assertEqual(scaling.baseline(rows).variant, "S")
        self.assertEqual(scaling.expected(rows, "convoy"), [(100.0, 2.0), (250.0, 5.0)])

    def test_measured_against_expected(self):
        rows = scaling.family_rows(self.report.rows)["wrn40_2"]
        self.assertEqual([(row.variant, macs, time) for row, macs, time in scaling.shares(rows, "onnxruntime")],
                         [("S", 1.0, 1.0), ("GN", 2.5, 2.5)])
        found = scaling.scalings(self.report)
        self.assertEqual((found["wrn40_2"]["convoy"].worst, found["wrn40_2"]["convoy"].variant), (0.4, "GN"))
        self.assertNotIn("resnext50", found)
        self.report.rows[0].engines["openvino"] = {"left_out": "no"}
        self.assertNotIn("openvino", scaling.scalings(self.report)["wrn40_2"])
        self.assertEqual(len(scaling_lines(self.report)), 3)

    def test_labels_are_spread(self):
        moved = plot.spread([0.0, 0.01, 0.02, 0.99, 1.0], 0.1)
        self.assertTrue(all(b - a > 0.0999 for a, b in zip(moved, moved[1:])))
        self.assertLessEqual(moved[-1], 1.0)


class Limits(unittest.TestCase):
    def setUp(self):
        self.report = made_up_report()
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.profiles = write_profiles(self.folder / "profiles.json")
        self.report.options["profiles"] = limits.read(self.profiles, self.report.options)

    def e2gc_sentences(self, *convoy):
        """What is told of mbv1_G4, mbv1_g4 and resnext50_g2, whose best peers take 6, 7 and 8 ms, and which two have a profile."""
        for row, time in zip(self.report.rows[-3:], convoy):
            row.engines["convoy"] = times(time)
        return [line for line in limits.sentences(self.report) if "wrn40_2" not in line]

    def test_the_table(self):
        titles, cells = limits.limits_table(self.report)
        self.assertEqual({len(line) for line in cells}, {len(titles)})
        dense, depthwise, e2gc = cells
        self.assertEqual(dense, ["S of wrn40_2, resnet34, mbv2", "1.8x", "1.00x", "1.43x",
                                 "30.2 %: grouped, depthwise 25.0 %, reorders 5.0 %", "20 %, 2.00x"])
        self.assertEqual(depthwise[1:], ["1.25x", "2.50x", "-", "-", "-"])
        self.assertEqual(e2gc[1:], ["1.5x", "3.48x", "4.58x (2 of 3 networks)", "25.0 %: pointwise, fully connected 25.0 %",
                                    "50 %, 2.00x"])

    def test_without_fast_templates_or_time_above(self):
        profiles = self.report.options["profiles"]["networks"]
        profiles["mbv1_g4"] = profiles["resnext50_g2"] = profiles["mbv1_G4"] | {"above_us": {}}
        profiles["mbv1_G4"] = profiles["mbv1_g4"]
        self.assertEqual(limits.limits_table(self.report)[1][2][3:], ["3.48x", "0.0 %", "0 %"])

    def test_sentences(self):
        self.assertEqual(limits.sentences(self.report), [
            "S of wrn40_2, resnet34, mbv2: 1.8x is more than every layer at its roofline would give (1.43x).",
            "wrn40_2_S (1.00x): 1.3x needs 77 % of the time above the roofline to go (1.43x without any)."])

    def test_sentences_of_groups_with_few_profiles(self):
        who = "E2GC: mbv1, resnext50: 1.5x"
        self.assertEqual(self.e2gc_sentences(6.0, 7.0, 16.0), [
            f"{who} is more than every layer at its roofline would give (1.41x, 2 of 3 networks).",
            "resnext50_g2 (0.50x): no profile."])
        self.assertEqual(self.e2gc_sentences(6.0, 5.0, 8.0), [
            f"{who} needs 76 % of the time above the roofline to go (1.67x without any, 2 of 3 networks)."])
        self.assertEqual(self.e2gc_sentences(3.0, 3.5, 80.0)[0], f"{who} is reached by those that have a profile (2 of 3 networks).")

    def test_a_report_without_profiles_says_nothing(self):
        del self.report.options["profiles"]
        self.assertEqual((limits.lines(self.report), limits.sentences(self.report)), ([], []))
        self.assertNotIn("What limits", markdown(self.report))

    def test_an_earlier_run_keeps_its_profiles(self):
        del self.report.options["profiles"]
        path, prefix = self.folder / "run.json", self.folder / "again"
        results.save(self.report, path, FORMAT)
        for arguments in (["--from", str(path), "--profiles", str(self.profiles), "--out", str(prefix)], ["--from", f"{prefix}.json"]):
            with contextlib.redirect_stdout(io.StringIO()) as shown:
                self.assertEqual(cli.main(arguments), 0)
            self.assertIn("wrn40_2_S (1.00x): 1.3x needs 77 %", shown.getvalue())
            text = prefix.with_suffix(".md").read_text()
            self.assertIn("| 1.8x | 1.00x | 1.43x | 30.2 %: grouped, depthwise 25.0 %, reorders 5.0 % | 20 %, 2.00x |", text)
            self.assertIn("by Convoy's profiles of 2026-01-03", text)
            self.assertIn("- wrn40_2_S (1.00x): 1.3x needs 77 %", text)
            self.profiles.unlink(missing_ok=True)

    def test_an_earlier_run_beside_another(self):
        path, prefix = self.folder / "run.json", self.folder / "again"
        results.save(self.report, path, FORMAT)
        with contextlib.redirect_stdout(io.StringIO()) as shown:
            self.assertEqual(cli.main(["--from", str(path), "--beside", str(path), "--out", str(prefix)]), 0)
        self.assertIn("over those with 1 thread, batch 1: geometric mean 1.00x", shown.getvalue())

    def test_errors_name_the_file(self):
        path = self.folder / "run.json"
        results.save(self.report, path, FORMAT)
        other = write_profiles(self.folder / "zen3.json", board="zen3")
        for wrong, told in ((self.folder / "absent.json", "No such file"), (path, "format 'convoy-compare-2', expected 'convoy-prof"),
                            (Path(__file__), "not JSON"), (other, "profiles with board zen3, expected host")):
            with contextlib.redirect_stderr(io.StringIO()) as shown:
                self.assertEqual(cli.main(["--from", str(path), "--profiles", str(wrong), "--out", str(self.folder / "x")]), 1)
            self.assertRegex(shown.getvalue(), rf"\Acompare.py: {wrong}: {told}[^\n]*\n\Z")
        self.assertFalse((self.folder / "x.md").exists())


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
