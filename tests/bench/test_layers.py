"""Tests of bench/layers.py with made-up times: python tests/bench/test_layers.py"""

import contextlib
import importlib.util
import io
import shutil
import sys
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "bench"), str(Path(__file__).resolve().parent)]

import onnx
from harness import machine, results
from harness.arrays import compare_outputs, random_inputs
from harness.engines import DIRECT, LAYER_ENGINES, NCNN_DIRECT, UNTUNED, Ncnn, OnnxRuntime
from harness.engines.ncnn import convert
from harness.errors import ModelError, UserError
from harness.measure import input_shapes
from harness.table import TerminalTable
from layers import bars, cli, measuring, model, options, plot, reasons, roofline, shapes, table
from layers.row import FORMAT, LayerRow

NARROW, DEPTHWISE, WIDE, STRIDED, POINTWISE = (
    "g16ic64ih56oc64kh3sh1ph1", "g64ic64ih56oc64kh3sh1ph1", "g1ic64ih56oc64kh3sh1ph1",
    "g4ic144ih56oc144kh3sh2ph1", "g1ic64ih56oc128kh1sh1ph0")
NAMES = [NARROW, DEPTHWISE, WIDE, STRIDED, POINTWISE]
ENGINES = ["convoy", DIRECT, "onnxruntime", "openvino", "ncnn", NCNN_DIRECT]
ROOF = {"peak": 100.0, "read": {str(1 << 18): 100.0, str(1 << 22): 50.0, str(1 << 27): 10.0},
        "copy": {str(1 << 18): 100.0, str(1 << 22): 50.0, str(1 << 27): 10.0}}


def times(milliseconds):
    return {"setting": "s", "error": 1e-6, "min_ms": milliseconds * 0.9, "median_ms": milliseconds,
            "p90_ms": milliseconds * 1.1, "count": 50}


def made_up_row(name, convoy, peer):
    layer = shapes.parse(name)
    least = roofline.Roofline(**ROOF).least_us(layer)
    one_ms = least * layer.chain / 1e3
    engines = {"convoy": times(one_ms * convoy), "onnxruntime": times(one_ms * peer),
               "openvino": times(one_ms * peer * 2), "ncnn": times(one_ms * peer * 3)}
    if bars.is_wide_3x3(layer):
        engines |= {DIRECT: times(one_ms * convoy * 2), NCNN_DIRECT: times(one_ms * peer * 3)}
    return LayerRow(name, layer.macs, least_us=least, engines=engines)


def made_up_report():
    rows = [made_up_row(NARROW, 1.25, 5.0), made_up_row(DEPTHWISE, 2.0, 1.0), made_up_row(WIDE, 1.25, 2.5),
            made_up_row(STRIDED, 1.25, 1.25), made_up_row(POINTWISE, 1.25, 1.25)]
    rows[4] = LayerRow(POINTWISE, shapes.parse(POINTWISE).macs, status="failed", reason="no kernel")
    return results.Report("2026-01-02T03:04:05+00:00", machine.describe(), dict.fromkeys(ENGINES, "1.0"),
                          {"threads": 1, "cpus": [0], "batch": 1, "seconds": 1.0, "board": "host", "isa": "avx512",
                           "openvino_isa": None, "roofline": ROOF, "rows": len(NAMES)}, list(ENGINES), rows, True)


class Shapes(unittest.TestCase):
    def test_defaults_and_counts(self):
        layer = shapes.parse("g4ic64ih56oc128kh3sh2ph1")
        self.assertEqual((layer.mb, layer.iw, layer.kw, layer.sw, layer.dw, layer.pw), (1, 56, 3, 2, 1, 1))
        self.assertEqual((layer.oh, layer.ow, layer.channels_per_group), (28, 28, 16))
        self.assertEqual(layer.macs, 128 * 28 * 28 * 16 * 9)
        self.assertEqual(layer.activation_bytes, 4 * (64 * 56 * 56 + 128 * 28 * 28))
        self.assertEqual(layer.weight_bytes, 4 * 128 * 16 * 9)

    def test_chains_are_of_equal_shapes(self):
        self.assertEqual([shapes.parse(name).chain for name in NAMES], [8, 8, 8, 1, 1])
        self.assertEqual(shapes.parse("ic8ih9oc8kh3").chain, 1)

    def test_errors_name_the_descriptor(self):
        for text in ("", "resnet", "ic64ih56oc64", "g3ic64ih56oc64kh3", "ic8ih2oc8kh5", "ic8ih9oc8kh3oh4",
                     "ic8ih9oc8kh3x1", "ic8ih9oc8kh3sh0"):
            with self.assertRaisesRegex(UserError, f"^{text}: .*expected"):
                shapes.parse(text)

    def test_the_papers_layers(self):
        layers = shapes.read(options.SHAPES)
        self.assertEqual(len(layers), 63)
        self.assertEqual(len({layer.text for layer in layers}), 63)
        for layer in layers:  # the classes without an overlap part the layers
            self.assertEqual(sum(bar.contains(layer) for bar in bars.BARS if bar.short), 1, layer.text)


class Models(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def written(self, text):
        return str(model.write(shapes.parse(text), self.folder))

    def test_a_chain_keeps_its_size(self):
        file = self.written("g2ic8ih6oc8kh3ph1")
        onnx.checker.check_model(file, full_check=True)
        inputs = random_inputs(input_shapes(file))
        engine = OnnxRuntime(binding=False)
        engine.load(file, 1)
        engine.bind(inputs)
        engine.run()
        (output,) = engine.outputs()
        self.assertEqual(output.shape, inputs[0].shape)
        self.assertTrue(0.05 < output.std() < 20, output.std())

    def test_conversion_to_ncnn(self):
        text, data, layers = convert(self.written("g2ic8ih7iw9oc6kh3kw5sh2ph1pw2"))
        self.assertEqual(layers, 1)
        self.assertIn("ConvolutionDepthWise layer0 1 1 blob0 blob1 0=6 1=5 11=3 2=1 12=1 3=2 13=2 4=2 14=1 15=2 16=1 "
                      "5=1 6=360 7=2 9=1", text)
        self.assertEqual(len(data), 4 + 4 * (6 * 4 * 3 * 5 + 6))
        self.assertEqual(convert(self.written("g2ic8ih6oc8kh3ph1"))[2], 8)

    @unittest.skipUnless(importlib.util.find_spec("ncnn"), "no ncnn")
    def test_ncnn_agrees(self):
        for text in ("g2ic8ih7iw9oc6kh3kw5sh2ph1pw2", "g8ic8ih6oc8kh3ph1", "ic16ih8oc16kh3ph1"):
            file = self.written(text)
            outputs = []
            for engine in (OnnxRuntime(binding=True), Ncnn(), Ncnn(winograd=False)):
                engine.load(file, 1)
                engine.bind(random_inputs(input_shapes(file)))
                engine.run()
                outputs.append(engine.outputs())
            for mine in outputs[1:]:
                self.assertIsNone(compare_outputs(mine, outputs[0], 1e-4)[1])

    def test_ncnn_refuses_other_models(self):
        node = onnx.helper.make_node("Sigmoid", ["x"], ["y"])
        side = [onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, [1, 2]) for name in "xy"]
        onnx.save(onnx.helper.make_model(onnx.helper.make_graph([node], "s", side[:1], side[1:])), self.folder / "s.onnx")
        with self.assertRaisesRegex(ModelError, "operator Sigmoid, expected"):
            convert(self.folder / "s.onnx")


class Rooflines(unittest.TestCase):
    def test_bandwidth_between_points(self):
        curve = {"1024": 80.0, "4096": 40.0}
        self.assertEqual([roofline.bandwidth(curve, size) for size in (10, 1024, 2048, 4096, 1 << 30)],
                         [80, 80, 60, 40, 40])

    def test_least_time(self):
        roof = roofline.Roofline(100.0, {"1": 10.0}, {"1": 20.0})
        wide = shapes.parse("ic64ih56oc64kh3ph1")
        self.assertAlmostEqual(roof.least_us(wide), 2 * wide.macs / 100e3)
        thin = shapes.parse("g64ic64ih56oc64kh1")
        self.assertAlmostEqual(roof.least_us(thin), thin.weight_bytes / 10e3 + thin.activation_bytes / 20e3)

    def test_what_the_probe_prints(self):
        roof = roofline.parse("peak 118.5\nread 16384 200.0\ncopy 16384 150.0\n")
        self.assertEqual(roof, roofline.Roofline(118.5, {"16384": 200.0}, {"16384": 150.0}))

    @unittest.skipUnless(shutil.which("clang") or shutil.which("cc"), "no C compiler")
    def test_the_probe(self):
        roof = roofline.measure(4, [min(cli.session.os.sched_getaffinity(0))])
        self.assertGreater(roof.peak, 0)
        self.assertEqual(set(roof.read), set(roof.copy))
        self.assertTrue({str(size) for size in table.SHOWN_SIZES.values()} <= set(roof.read))


class Reporting(unittest.TestCase):
    def setUp(self):
        self.report = made_up_report()
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def test_rows(self):
        narrow, depthwise, wide, _, failed = self.report.rows
        self.assertAlmostEqual(narrow.ratio(), 4.0)
        self.assertAlmostEqual(narrow.share(), 0.8)
        self.assertAlmostEqual(narrow.us("convoy"), 1.25 * narrow.least_us)
        self.assertAlmostEqual(narrow.gflops(), 2e-3 * narrow.macs / narrow.us("convoy"))
        self.assertEqual(depthwise.best_peer(), "onnxruntime")
        self.assertAlmostEqual(wide.ratio(DIRECT), 1.0)
        self.assertEqual(made_up_row(WIDE, 1.0, 4.0).best_peer(("openvino", NCNN_DIRECT)), "openvino")
        self.assertIsNone(narrow.ratio(DIRECT))
        self.assertIsNone(failed.ratio())

    def test_bars(self):
        held = {result.bar.title: (result.held, result.count, round(result.mean, 3))
                for result in bars.results(self.report.rows)}
        self.assertEqual(held, {
            "2 to 15 channels per group": (True, 1, 4.0),
            "depthwise": (False, 1, 0.5),
            "3x3, stride 1, at least 16 channels per group": (True, 1, 2.0),
            "the same, Winograd off in Convoy": (True, 1, 1.0),
            "the same, Winograd off in all": (True, 1, 1.0),
            "stride 2, pointwise and the rest": (False, 1, 1.0),
            "MobileNetV2's 18, 36 and 72 channels per group": (False, 1, 1.0),
        })
        (depthwise,) = [result for result in bars.results(self.report.rows) if result.bar.title == "depthwise"]
        self.assertEqual(depthwise.below, [DEPTHWISE])

    def test_terminal_table_lines_up(self):
        lines = TerminalTable("layer", table.columns(ENGINES), NAMES)
        shown = [*lines.header().splitlines()[1:], *map(lines.row, self.report.rows)]
        self.assertEqual(len({len(line) for line in shown}), 1)
        self.assertIn("FAILED", shown[-1])
        self.assertRegex("\n".join(table.bar_lines(self.report.rows)), "depthwise .*missed \\(1 below\\)")

    def test_reasons(self):
        file = self.folder / "reasons.txt"
        file.write_text(f"# comment\n\navx512 {DEPTHWISE} bound by loads\n* {WIDE} never asked for\n")
        known = reasons.read(file)
        self.assertEqual([reasons.of(row, "avx512", known) for row in self.report.rows],
                         ["", "bound by loads", "", "", ""])
        self.assertIsNone(reasons.of(self.report.rows[1], "avx2", known))
        file.write_text("avx512 alone\n")
        with self.assertRaisesRegex(UserError, "reasons.txt:1: 2 words, expected"):
            reasons.read(file)

    def test_the_file_of_reasons(self):
        known = {layer.text for layer in shapes.read(options.SHAPES)}
        for isa, name in reasons.read():
            self.assertIn(isa, ("avx512", "avx2", "*"))
            self.assertIn(name, known)

    def test_files_and_rendering_again(self):
        written = cli.Comparison().write_files(self.report, self.folder / "results")
        self.assertEqual([path.suffix for path in written], [".json", ".md", ".png"])
        self.assertEqual(results.load(written[0], FORMAT, LayerRow), self.report)
        before = written[1].read_text()
        rows = [line for line in before.splitlines() if line.startswith("| `g")]
        self.assertEqual(len({line.count("|") for line in rows}), 1)
        self.assertIn("- g1ic64ih56oc128kh1sh1ph0: FAILED: no kernel", before)
        self.assertIn("results.png", before)
        written[1].unlink()
        with contextlib.redirect_stdout(io.StringIO()) as shown:
            self.assertEqual(cli.main(["--from", str(written[0])]), 0)
        self.assertIn(NARROW, shown.getvalue())
        self.assertEqual(written[1].read_text(), before)
        self.assertEqual(written[2].read_bytes()[:4], b"\x89PNG")

    def test_each_layer_is_drawn_once(self):
        drawn = [row.name for _, members in plot.classes(self.report.rows) for row in members]
        self.assertEqual(sorted(drawn), sorted(NAMES[:4]))


class CommandLine(unittest.TestCase):
    def compiler(self, folder, help_text=""):
        """A compiler that knows two boards and fails at everything else."""
        path = Path(folder) / "convoy"
        path.write_text("#!/bin/sh\ncase $1-$2 in\n--version-) echo convoy 9 ;;\n"
                        "boards-) echo board floats; echo host 4 118; echo avx2 8 102 ;;\n"
                        f"compile---help) echo '{help_text}' ;;\n"
                        "*) echo 'node 3: op Foo' >&2; exit 1 ;;\nesac\n")
        path.chmod(0o755)
        return str(path)

    def refused(self, *arguments):
        with contextlib.redirect_stderr(io.StringIO()) as shown:
            self.assertEqual(cli.main(list(arguments)), 1)
        self.assertEqual(len(shown.getvalue().splitlines()), 1, shown.getvalue())
        self.assertIn("expected", shown.getvalue())
        return shown.getvalue()

    def test_errors_are_one_line(self):
        for arguments in (["--bogus"], ["nonsense"], ["--shapes", "absent"], ["--convoy", "absent", WIDE],
                          ["--engines", "ncnn"], ["--engines", "onnxruntime", "--no-winograd"],
                          ["--engines", "onnxruntime", "--untuned"], ["--engines", "onnxruntime", "--records", "a.json"],
                          ["--write-docs", "--board", "avx2"], ["--from", "absent.json"]):
            self.refused(*arguments)

    def test_what_the_compiler_must_know(self):
        with tempfile.TemporaryDirectory() as folder:
            compiler = self.compiler(folder)
            self.assertIn("no such option", self.refused("--convoy", compiler, "--no-winograd", WIDE))
            self.assertIn("one of host, avx2", self.refused("--convoy", compiler, "--board", "toaster", WIDE))
            chosen = options.parse(["--convoy", compiler, "--board", "avx2"])
            self.assertEqual(measuring.vector_floats(chosen), 8)
            cli.check_no_winograd(options.parse(["--convoy", self.compiler(folder, "--no-winograd  without")]))

    def test_patterns_and_descriptors(self):
        known = [shapes.parse(name) for name in NAMES]
        self.assertEqual(list(cli.choose([], known)), NAMES)
        self.assertEqual(list(cli.choose(["g1ic*", WIDE, "ic8ih9oc8kh3"], known)), [WIDE, POINTWISE, "ic8ih9oc8kh3"])

    def test_a_layer_that_fails_says_why(self):
        with tempfile.TemporaryDirectory() as folder:
            chosen = options.parse(["--convoy", self.compiler(folder), "--work", folder])
            row = cli.measure_layer(shapes.parse(WIDE), chosen, [0], made_up_report(), lambda stage, share: None)
            self.assertEqual((row.status, row.macs), ("failed", shapes.parse(WIDE).macs))
            self.assertIn("node 3: op Foo", row.reason)
            self.assertFalse((Path(folder) / "libraries").exists())

    def test_records_and_none(self):
        with tempfile.TemporaryDirectory() as folder:
            chosen = options.parse(["--work", folder, "--records", "a.json", "--records", "b.json", "--untuned",
                                    "--no-winograd"])
            made = cli.variants(chosen)
            self.assertEqual(list(made), ["convoy", DIRECT, UNTUNED])
            flags = ("--records", Path("a.json"), "--records", Path("b.json"))
            self.assertEqual([variant.flags for variant in made.values()], [flags, ("--no-winograd", *flags), ()])
            self.assertEqual([set(variant.environment) for variant in made.values()],
                             [set(), set(), {"CONVOY_RECORDS", "CONVOY_RECORDS_DB"}])
            self.assertFalse(Path(made[UNTUNED].environment["CONVOY_RECORDS_DB"]).exists())
            self.assertEqual(list(Path(made[UNTUNED].environment["CONVOY_RECORDS"]).iterdir()), [])

    def test_untuned_has_a_column(self):
        row = made_up_row(NARROW, 1.0, 5.0)
        row.engines[UNTUNED] = times(2 * row.time("convoy"))
        titles = [(column.block, column.title) for column in table.columns(["convoy", UNTUNED, "onnxruntime"])]
        self.assertIn(("untuned", "us"), titles)
        gain = next(column for column in table.columns(["convoy", UNTUNED, "onnxruntime"]) if column.title == "gain")
        self.assertEqual(gain.cell(row), "2.00")
        self.assertNotIn("gain", [column.title for column in table.columns(ENGINES)])

    def test_engines(self):
        self.assertEqual(options.parse([]).engines, list(LAYER_ENGINES))
        chosen = options.parse(["--write-docs"])
        self.assertEqual((chosen.boards, chosen.no_winograd), (["host", machine.avx2_board()], True))


if __name__ == "__main__":
    unittest.main()
