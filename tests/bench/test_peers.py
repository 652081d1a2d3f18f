"""Tests of peers that are absent, fail or are wrong, and of their converters, without them: python tests/bench/test_peers.py"""

import contextlib
import dataclasses
import io
import os
import sys
import tempfile
import unittest
from pathlib import Path
from unittest import mock

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "bench"), str(Path(__file__).resolve().parent)]

import numpy as np
import onnx
from compare import cli, networks, options
from compare.left_out import left_out_lines, settings_sentence
from compare.markdown import markdown
from compare.row import NetworkRow
from compare.table import columns
from fakes import Broken, Crash, Fake, LateNan, Optional
from harness import isolate, results, session
from harness.build import Library
from harness.engines import ALL_PEERS, TITLES, converters, network_candidates
from harness.engines.base import is_installed
from harness.errors import ModelError, UserError
from harness.measure import Job, measure
from harness.table import TerminalTable
from onnx import TensorProto, helper, numpy_helper
from small_model import write_model


class Absent(Fake):
    """An engine whose package nobody has."""

    packages = ("no_such_package.of_mine",)


class Scribe(Fake):
    """Leaves a temporary file, and prints."""

    def load(self, model, threads):
        os.write(1, b"from below\n")
        handle, self.setting = tempfile.mkstemp()
        os.close(handle)


class Measuring(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.model = write_model(folder.name)

    def job(self, **peers):
        contenders = {"convoy": [Fake("convoy", 2)], "onnxruntime": [Fake("onnxruntime", 2)], **peers}
        return Job(self.model, contenders, "onnxruntime", 1, 0.05, dispensable=tuple(peers))

    def test_what_fails_is_left_out(self):
        result = measure(self.job(mnn=[Broken("mnn")], iree=[Fake("iree", 2)]))
        self.assertEqual(result["status"], "ok")
        self.assertEqual(result["engines"]["mnn"], {"left_out": "mnn: no kernel for Foo"})
        self.assertIn("median_ms", result["engines"]["iree"])

    def test_what_is_wrong_is_left_out(self):
        result = measure(self.job(mnn=[Fake("mnn", 2, offset=0.1)], iree=[LateNan("iree", 2)]))
        self.assertEqual(result["status"], "ok")
        self.assertIn("relative error", result["engines"]["mnn"]["left_out"])
        self.assertIn("NaN", result["engines"]["iree"]["left_out"])
        for name in ("mnn", "iree"):
            self.assertNotIn("median_ms", result["engines"][name])

    def test_convoy_and_the_reference_are_never_left_out(self):
        job = self.job(mnn=[Fake("mnn", 2)])
        job.contenders["convoy"] = [Fake("convoy", 2, offset=0.1)]
        self.assertRegex(measure(job)["reason"], "^convoy: relative error")
        job = self.job(mnn=[Fake("mnn", 2)])
        job.contenders["onnxruntime"] = [Broken("onnxruntime")]
        with self.assertRaisesRegex(ModelError, "onnxruntime: no kernel"):
            measure(job)

    def test_a_setting_that_fails_is_told(self):
        failing = Optional("iree")
        failing.setting = "O9"
        result = measure(self.job(iree=[failing, Fake("iree", 2)]))
        self.assertEqual(result["engines"]["iree"]["refused"], {"O9": "iree: no kernel for Foo"})
        self.assertIn("median_ms", result["engines"]["iree"])

    def test_a_setting_that_is_wrong_is_not_chosen_however_fast(self):
        wrong = Fake("mnn", 0.5, offset=0.1)
        wrong.optional = True
        result = measure(self.job(mnn=[wrong, Fake("mnn", 2)]))
        self.assertIn("relative error", result["engines"]["mnn"]["refused"]["0.5 ms"])
        self.assertEqual(result["engines"]["mnn"]["setting"], "2 ms")
        self.assertIn("median_ms", result["engines"]["mnn"])

    def test_a_crash_costs_one_engine(self):
        result = isolate.measure_survivors(self.job(mnn=[Crash("mnn")], iree=[Fake("iree", 2)]))
        self.assertEqual(result["status"], "ok")
        self.assertIn("SIGABRT while loading mnn", result["engines"]["mnn"]["left_out"])
        self.assertIn("median_ms", result["engines"]["iree"])
        job = dataclasses.replace(self.job(mnn=[Crash("mnn")]), dispensable=())
        with self.assertRaisesRegex(ModelError, "SIGABRT"):
            isolate.measure_survivors(job)

    def test_temporary_files_and_output_go_into_the_scratch_folder(self):
        job = dataclasses.replace(self.job(mnn=[Scribe("mnn", 2)]), scratch=self.folder / "scratch")
        result = isolate.measure_survivors(job)
        self.assertEqual(Path(result["engines"]["mnn"]["setting"]).parent, self.folder / "scratch")
        self.assertIn("from below", (self.folder / "scratch" / "engines.log").read_text())


class Rows(unittest.TestCase):
    """One network through compare.cli with fake engines."""

    def row(self, candidates, folder):
        chosen = options.parse(["--engines", "onnxruntime,mnn,iree", "--work", folder, "--seconds", "0.05"])
        model = Path(write_model(folder))
        with mock.patch.object(cli, "network_candidates", candidates):
            versions = session.find_versions(chosen.engines, None, candidates, cli.dispensable(chosen.engines))
            row = cli.measure_network(networks.Network("relu_S", model), chosen, [0], versions,
                                      lambda stage, share: None)
        return row, versions

    def test_an_absent_peer_is_left_out(self):
        made = {"onnxruntime": Fake("onnxruntime", 2), "mnn": Absent("mnn"), "iree": Crash("iree")}
        made["onnxruntime"].packages = made["iree"].packages = ("numpy",)
        with tempfile.TemporaryDirectory() as folder:
            row, versions = self.row(lambda name: [made[name]], folder)
        self.assertEqual(versions["mnn"], session.ABSENT)
        self.assertEqual(row.status, "ok")
        self.assertEqual(row.engines["mnn"]["left_out"], "no Python package no_such_package.of_mine")
        self.assertIn("SIGABRT", row.engines["iree"]["left_out"])
        self.assertIsNotNone(row.time("onnxruntime"))

    def test_the_reference_must_be_installed(self):
        with tempfile.TemporaryDirectory() as folder, self.assertRaisesRegex(UserError, "no_such_package"):
            self.row(lambda name: [Absent(name)], folder)

    def test_convoys_engines_are_compiled_each_in_its_way(self):
        calls, jobs = [], []

        def compiled(convoy, model, name, board, directory, report, flags):
            calls.append((directory.name, flags))
            return Library(directory / "lib.so", name, 1.5 if not flags else 9.0, 10)

        def measured_apart(job, report):
            jobs.append(job)
            return {"status": "ok", "engines": {}}
        with tempfile.TemporaryDirectory() as folder, mock.patch.object(cli, "compile_model", compiled), \
                mock.patch.object(cli.isolate, "measure_survivors", measured_apart):
            chosen = options.parse(["--engines", "convoy,convoy_direct,onnxruntime", "--work", folder])
            row = cli.measure_network(networks.Network("relu_S", Path(write_model(folder))), chosen, [0],
                                      dict.fromkeys(chosen.engines, "1"), lambda stage, share: None)
        self.assertEqual(calls, [("convoy", ()), ("convoy_direct", ("--no-winograd",))])
        self.assertEqual(list(jobs[0].contenders), ["convoy", "convoy_direct", "onnxruntime"])
        self.assertEqual(jobs[0].contenders["convoy_direct"][0].setting, "--board host --no-winograd")
        self.assertEqual((row.compile_s, jobs[0].dispensable), (1.5, ()))

    def test_packages(self):
        self.assertTrue(is_installed("os.path"))
        self.assertFalse(is_installed("no_such_package.of_mine"))
        for name in ALL_PEERS:
            for setting in network_candidates(name):
                self.assertEqual(setting.name, name)
                self.assertTrue(setting.setting)
                self.assertIn(type(setting.missing()), (str, type(None)))

    def test_engines_on_the_command_line(self):
        def engines(text):
            return options.parse(["--engines", text]).engines
        self.assertEqual(options.parse([]).engines, ["convoy", "onnxruntime", "openvino"])
        self.assertEqual(engines("all"), ["convoy", *ALL_PEERS])
        self.assertEqual(engines("all,convoy_direct")[:2], ["convoy", "convoy_direct"])
        self.assertEqual(engines("mnn,onnxruntime"), ["onnxruntime", "mnn"])
        with self.assertRaisesRegex(UserError, "found 'foo'"):
            engines("all,foo")


class Converters(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.product = Path(folder.name) / "made"

    def convert(self, program):
        converters.run_converter("tool", converters.python("-c", program), self.product)

    def test_a_converter_that_works(self):
        self.convert("open('made', 'w').write('x')")
        self.assertEqual(self.product.read_text(), "x")

    def test_a_converter_that_fails_is_quoted(self):
        for program, said in (("import sys; print('an error: op Foo'); print('bye'); sys.exit(3)",
                               "tool, exit code 3: an error: op Foo"),
                              ("print('done')", "tool, exit code 0: done"),
                              ("import os; os.abort()", "tool, exit code -6: no message")):
            with self.assertRaisesRegex(ModelError, said):
                self.convert(program)
        with self.assertRaisesRegex(ModelError, "tool: No such file"):
            converters.run_converter("tool", [self.product.parent / "absent"], self.product)

    def test_a_converter_that_hangs_is_stopped(self):
        with mock.patch.object(converters, "LIMIT_S", 0.2), self.assertRaisesRegex(ModelError, "not done after"):
            self.convert("import time; time.sleep(60)")

    def test_one_image_of_a_batch(self):
        shape = numpy_helper.from_array(np.array([4, 6], np.int64), "shape")
        sides = [helper.make_tensor_value_info(name, TensorProto.FLOAT, dims)
                 for name, dims in (("x", [4, 2, 3]), ("y", [4, 6]))]
        graph = helper.make_graph([helper.make_node("Reshape", ["x", "shape"], ["y"])], "g", sides[:1], sides[1:], [shape])
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
        self.assertEqual(converters.batch_of(model), 4)
        converters.make_single(model)
        self.assertEqual(converters.batch_of(model), 1)
        self.assertEqual(list(numpy_helper.to_array(model.graph.initializer[0])), [1, 6])
        onnx.checker.check_model(model, full_check=True)


def measured(milliseconds, **more):
    return {"setting": "s", "error": 1e-6, "min_ms": milliseconds, "median_ms": milliseconds, "p90_ms": milliseconds,
            "count": 9, **more}


def seven_engines():
    """A report of three networks and all engines, two of them with holes."""
    engines = ["convoy", *ALL_PEERS]
    rows = []
    for name, macs in (("wrn40_2_S", 300), ("wrn40_2_G2", 200), ("wrn40_2_G4", 100)):
        network = networks.Network(name)
        rows.append(NetworkRow(name, macs * 10 ** 6, family=network.family, variant=network.variant, rounds=10,
                               engines={engine: measured(macs / 10.0 + place) for place, engine in enumerate(engines)}))
    rows[0].engines["mnn"] = {"left_out": "mnnconvert, exit code 1: /a/b.c/model.mnn: no op Foo"}
    rows[1].engines["mnn"] = {"left_out": "mnnconvert, exit code 1: /d/e/model.mnn: no op Foo"}
    rows[2].engines["iree"] = measured(1.0, refused={"O9": "iree-compile: error"})
    return results.Report("2026-01-02T03:04:05+00:00", {"cpu": "c", "flags": []}, dict.fromkeys(engines, "1.0"),
                          {"threads": 1, "cpus": [0], "batch": 1, "rows": 3}, engines, rows, True)


class SevenEngines(unittest.TestCase):
    def setUp(self):
        self.report = seven_engines()

    def test_terminal_table_lines_up(self):
        table = TerminalTable("network", columns(self.report), [row.name for row in self.report.rows])
        header, titles, rule = table.header().splitlines()
        lines = [titles, rule, *map(table.row, self.report.rows)]
        self.assertEqual(len({len(line) for line in lines}), 1)
        for name in self.report.engines:
            self.assertIn(TITLES[name], header)
        self.assertEqual(lines[2].split().count("-"), 3)  # MNN, and what is not known of the library

    def test_best_of_all_peers(self):
        self.assertEqual([row.best_peer() for row in self.report.rows], ["onnxruntime", "onnxruntime", "iree"])
        self.assertEqual(self.report.rows[2].ratio(), 0.1)

    def test_reasons_are_gathered(self):
        lines = left_out_lines(self.report.rows)
        self.assertEqual(lines, ["MNN left out of wrn40_2_S, wrn40_2_G2: mnnconvert, exit code 1: model.mnn: no op Foo",
                                 'IREE without its setting "O9" in wrn40_2_G4: iree-compile: error'])
        for row in self.report.rows:
            row.engines["mnn"] = {"left_out": "gone"}
        self.assertIn("MNN left out of all networks: gone", left_out_lines(self.report.rows))

    def test_settings_are_told(self):
        self.report.rows[0].engines["iree"]["setting"] = "t"
        said = settings_sentence(self.report)
        self.assertIn("IREE: s (2); t (1).", said)
        self.assertIn("ncnn: s.", said)

    def test_markdown(self):
        text = markdown(self.report)
        table = [line for line in text.splitlines() if line.startswith("|")][:5]
        self.assertEqual(len({line.count("|") for line in table}), 1)
        self.assertIn("- MNN left out of", text)
        self.assertIn("vs PyTorch", text)
        self.assertIn("Measured / expected", text)

    def test_pictures(self):
        with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()):
            written = cli.Comparison().write_files(self.report, Path(folder) / "results")
            self.assertEqual(len(written), 5)
            for row in self.report.rows:
                row.family = ""
            written = cli.Comparison().write_files(self.report, Path(folder) / "results")
            self.assertEqual([path.name for path in written], ["results.json", "results.md", "results.png"])
            self.assertEqual(len(list(Path(folder).iterdir())), 3)


if __name__ == "__main__":
    unittest.main()
