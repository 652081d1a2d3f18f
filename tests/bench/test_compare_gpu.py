"""Tests of bench/compare_gpu.py without a GPU: made-up times, fake engines, a fake CUDA, and OpenCL on the CPU."""

import contextlib
import importlib.util
import io
import json
import os
import pickle
import sys
import tempfile
import time
import types
import unittest
from pathlib import Path
from unittest import mock

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "bench"), str(Path(__file__).resolve().parent)]

import fakes
import numpy as np
from compare_gpu import cases, cli, cuda, device, energy, engines, options, report as reporting
from compare_gpu.row import FORMAT, GpuRow
from harness import machine, results
from harness.arrays import compare_outputs, random_inputs
from harness.build import Library
from harness.engines import REFERENCE, OnnxRuntime
from harness.errors import ModelError, UserError
from harness.measure import Job, input_shapes, measure
from harness.table import TerminalTable
from layers import model, shapes
from small_model import write_model

GROUPED, DEPTHWISE, DENSE, STRIDED = (
    "g8ic64ih8oc64kh3ph1", "mb4g64ic64ih8oc64kh3ph1", "ic64ih8oc64kh3ph1", "g4ic16ih8oc16kh3sh2ph1")
COMPILER = Path(os.environ.get("CONVOY", ROOT / "build/release/bin/convoy"))
GPU = {"gpu": "A100", "uuid": "GPU-1", "compute_capability": 80}


def times(milliseconds, mj=None):
    return {"setting": "s", "error": 1e-6, "min_ms": milliseconds * 0.9, "median_ms": milliseconds,
            "p90_ms": milliseconds * 1.1, "count": 50, "mj": mj, "mj_from": mj and "counter"}


def made_up_report():
    rows = []
    for name, cudnn, compiled in ((GROUPED, 3.0, 1.5), (DEPTHWISE, 1.2, 2.0), (DENSE, 0.5, 0.5)):
        layer = shapes.parse(name)
        rows.append(GpuRow(name, layer.macs, frames=layer.mb, engines={
            REFERENCE: {"setting": "s", "error": 0.0}, "convoy": times(1.0, 64.0), "cudnn": times(cudnn, 32.0),
            "torch_compiled": times(compiled)}))
    rows.append(GpuRow("resnet34_G8", 10 ** 9, frames=4, is_layer=False, engines={"convoy": times(2.0, 8.0)}))
    rows.append(GpuRow(STRIDED, 1, "wrong", "cudnn: relative error 1e-2"))
    return results.Report("2026-01-02T03:04:05+00:00", machine.describe() | GPU, dict.fromkeys(engines.ENGINES, "1.0"),
                          {"threads": 1, "cpus": None, "batch": 4, "seconds": 1.0, "board": "cuda-sm80", "rows": 5,
                           "tolerance": 1e-4, "energy_seconds": 2.0}, list(engines.ENGINES), rows, True)


class Cases(unittest.TestCase):
    def test_batches_are_in_descriptors(self):
        known = [shapes.parse(name) for name in (GROUPED, DENSE)]
        self.assertEqual(list(cases.choose([], 4, known)), [f"mb4{GROUPED}", f"mb4{DENSE}"])
        chosen = cases.choose(["g8*", GROUPED, DEPTHWISE, "resnet34_G*"], 4, known)
        self.assertEqual(list(chosen)[:3], [f"mb4{GROUPED}", DEPTHWISE, "resnet34_G2"])
        self.assertEqual({case.frames for case in chosen.values()}, {4})
        self.assertEqual(chosen[DEPTHWISE].macs(None), 4 * 64 * 64 * 9)
        with self.assertRaisesRegex(UserError, "mb 4 beside --batch 16"):
            cases.choose([DEPTHWISE], 16, known)
        with self.assertRaisesRegex(UserError, "nonsense: no problem descriptor"):
            cases.choose(["nonsense"], 1, known)

    def test_a_file_belongs_to_the_batch_it_has(self):
        with tempfile.TemporaryDirectory() as folder:
            path = write_model(folder)
            self.assertEqual(list(cases.choose([path], 1, [])), ["relu_S"])
            self.assertEqual(cases.choose([path], 4, []), {})


class Measuring(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.model = write_model(folder.name)

    def job(self, **contenders):
        return Job(self.model, {REFERENCE: [OnnxRuntime(binding=True)], **contenders}, REFERENCE, 1, 0.02,
                   peer_tolerance=1e-4, untimed=(REFERENCE,), burst=fakes.mean_burst, last=fakes.energy)

    def test_bursts_energy_and_an_untimed_reference(self):
        found = measure(self.job(convoy=[fakes.Fake("convoy", 0.1)], cudnn=[fakes.Fake("cudnn", 0.3)]))
        self.assertEqual((found["status"], found["reason"]), ("ok", ""))
        self.assertEqual(set(found["engines"][REFERENCE]), {"setting", "error"})
        self.assertEqual(found["engines"]["cudnn"]["mj"], 8.0)
        self.assertEqual(found["engines"]["cudnn"]["count"], found["rounds"])
        self.assertLess(found["engines"]["convoy"]["median_ms"], found["engines"]["cudnn"]["median_ms"])

    def test_peers_are_held_to_the_tolerance_before_and_after(self):
        for wrong in (fakes.Fake("cudnn", offset=1e-3), fakes.LateNan("cudnn")):
            found = measure(self.job(convoy=[fakes.Fake("convoy")], cudnn=[wrong]))
            self.assertEqual(found["status"], "wrong")
            self.assertIn("cudnn: ", found["reason"])
            for engine in found["engines"].values():
                self.assertFalse({"median_ms", "mj"} & set(engine))

    def test_optional_settings_may_fail(self):
        found = measure(self.job(convoy=[fakes.Optional("convoy"), fakes.Fake("convoy", 0.1), fakes.Optional("convoy")]))
        self.assertEqual((found["status"], found["engines"]["convoy"]["setting"]), ("ok", "0.1 ms"))
        for needed in ([fakes.Optional("convoy")], [fakes.Broken("convoy"), fakes.Fake("convoy")]):
            with self.assertRaisesRegex(ModelError, "no kernel for Foo"):
                measure(self.job(convoy=needed))

    def test_what_is_sent_to_the_process_on_cuda(self):
        made_up, chosen = made_up_report(), options.parse(["--board", "cuda-sm80", "--compile-mode", "default"])
        found = cli.contenders(Library(Path("libx.so"), "x", 2.0, 10), chosen, made_up)
        job = pickle.loads(pickle.dumps(Job("m", found, REFERENCE, 1, 1.0, **cli.clocks(made_up, chosen))))
        settings = {name: [engine.setting for engine in candidates] for name, candidates in job.contenders.items()}
        self.assertEqual(settings["convoy"], ["--board cuda-sm80, launched", "--board cuda-sm80, CUDA graph"])
        self.assertEqual(settings["cudnn"], ["NCHW", "NCHW, CUDA graph", "NCHW, conv+bias+relu, CUDA graph", "NHWC, CUDA graph",
                                             "NHWC, conv+bias+relu, CUDA graph"])
        self.assertEqual(settings["torch_compiled"], ["default, NCHW"])
        for name in ("convoy", "cudnn", "torch_compiled"):
            self.assertFalse(job.contenders[name][0].optional)
            self.assertTrue(all(engine.optional for engine in job.contenders[name][1:]))
        self.assertEqual((job.burst, job.last.keywords["uuid"]), (cuda.burst, "GPU-1"))

    def test_a_row_in_a_process_of_its_own(self):
        made_up, chosen = made_up_report(), options.parse(["--work", str(self.folder), "--seconds", "0.02"])
        (case,) = cases.choose([self.model], 1, []).values()

        def row(**contenders):
            with mock.patch.object(cli, "compile_model", return_value=Library(Path("x.so"), "x", 2.0, 10)), \
                    mock.patch.object(cli, "clocks", return_value={"burst": fakes.mean_burst, "last": fakes.energy}), \
                    mock.patch.object(cli, "contenders", return_value=self.job(**contenders).contenders):
                return cli.measure_case(case, chosen, made_up, lambda stage, share: None)
        found = row(convoy=[fakes.Fake("convoy", 0.1)], cudnn=[fakes.Fake("cudnn", 0.3)])
        self.assertEqual((found.status, found.compile_s, found.chain, found.mj("convoy")), ("ok", 2.0, 1, 8.0))
        self.assertGreater(found.ratio(), 1)
        found = row(convoy=[fakes.Fake("convoy", offset=1.0)], cudnn=[fakes.Fake("cudnn")])
        self.assertEqual((found.status, found.us("convoy"), found.ratio()), ("wrong", None, None))
        found = row(convoy=[fakes.Crash("convoy")])
        self.assertEqual(found.status, "failed")
        self.assertIn("SIGABRT", found.reason)


class Reporting(unittest.TestCase):
    def setUp(self):
        self.report = made_up_report()
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def test_rows(self):
        grouped, depthwise, dense, network, wrong = self.report.rows
        self.assertAlmostEqual(grouped.ratio(), 1.5)
        self.assertAlmostEqual(grouped.ratio(peers=("cudnn",)), 3.0)
        self.assertEqual(grouped.best_peer(), "torch_compiled")
        self.assertEqual((grouped.us("convoy"), network.us("convoy")), (125.0, 2000.0))
        self.assertEqual((grouped.mj("convoy"), depthwise.mj("cudnn"), network.mj("convoy"), dense.mj("torch_compiled")),
                         (8.0, 1.0, 2.0, None))
        self.assertIsNone(wrong.ratio())

    def test_bars_are_of_cudnn(self):
        lines = "\n".join(reporting.ending(self.report))
        self.assertRegex(lines, "grouped +1 +2.00x +3.00x .*held")
        self.assertRegex(lines, "depthwise +1 +1.50x +1.20x .*missed")
        self.assertRegex(lines, "not grouped +1 +- +0.50x .*-")

    def test_terminal_table_lines_up(self):
        table = TerminalTable("case", reporting.columns(self.report.engines), [row.name for row in self.report.rows])
        lines = [*table.header().splitlines()[1:], *map(table.row, self.report.rows)]
        self.assertEqual(len({len(line) for line in lines}), 1)
        self.assertIn("WRONG", lines[-1])

    def test_files_and_rendering_again(self):
        written = cli.Comparison().write_files(self.report, self.folder / "results-b4")
        self.assertEqual([path.suffix for path in written], [".json", ".md", ".png"])
        self.assertEqual(results.load(written[0], FORMAT, GpuRow), self.report)
        self.assertEqual(written[2].read_bytes()[:4], b"\x89PNG")
        before = written[1].read_text()
        self.assertIn("A100, board cuda-sm80, batch 4, fp32 everywhere, TF32 off.", before)
        self.assertIn(f"- {STRIDED}: WRONG: cudnn: relative error", before)
        self.assertEqual(len({line.count("|") for line in before.splitlines() if line.startswith("| `")}), 1)
        with contextlib.redirect_stdout(io.StringIO()) as shown:
            self.assertEqual(cli.main(["--from", str(written[0])]), 0)
        self.assertIn(GROUPED, shown.getvalue())
        self.assertEqual(written[1].read_text(), before)

    def test_where_energy_comes_from_is_said(self):
        self.assertEqual(reporting.remarks(self.report), [reporting.ON_DEVICE])
        for row in self.report.rows:
            for engine in row.engines.values():
                engine.update(mj=None, mj_from=None)
        self.assertIn("No energy: NVML", " ".join(reporting.remarks(self.report)))
        self.report.rows[0].engines["convoy"]["mj_from"] = "power"
        self.assertIn("no counter", " ".join(reporting.remarks(self.report)))


class FakeNvml:
    """A GPU of 100 W whose counter, if it has one, moves every `step` reads."""

    class NVMLError(Exception):
        pass

    def __init__(self, step):
        self.step, self.reads = step, 0

    def nvmlDeviceGetTotalEnergyConsumption(self, handle):
        if not self.step:
            raise self.NVMLError
        self.reads += 1
        return 1000 * (self.reads // self.step)

    def nvmlDeviceGetPowerUsage(self, handle):
        return 100_000


class Energy(unittest.TestCase):
    def test_between_changes_of_the_counter(self):
        counted = []

        def burst(run, count):
            counted.append(count)
            return [energy.BURST_NS / 4]
        meter = energy.Meter(FakeNvml(3), None)
        self.assertEqual(meter.source, "counter")
        self.assertAlmostEqual(energy.of_runs(None, burst, meter.read, 0.05), 1000 / (3 * 4))
        self.assertEqual(counted[:4], [1, 2, 4, 4])

    def test_power_over_time(self):
        meter = energy.Meter(FakeNvml(0), None)
        self.assertEqual(meter.source, "power")

        def burst(run, count):
            time.sleep(0.002)
            return [energy.BURST_NS]
        found = energy.of_runs(None, burst, meter.read, 0.1)
        self.assertGreater(found, 199)  # 100 W for 2 ms at least

    def test_a_counter_that_stands_still(self):
        self.assertIsNone(energy.of_runs(None, lambda run, count: [energy.BURST_NS], lambda: 7, 0.01))

    def test_without_nvml(self):
        energy.meter.cache_clear()
        with mock.patch.dict(sys.modules, {"pynvml": None}):
            self.assertEqual(energy.measure(None, "GPU-1", None, 1.0), {"mj": None, "mj_from": None})
        energy.meter.cache_clear()


class FakeEvent:
    """Microseconds since the start are 1000 for each run that was launched."""

    launched = 0

    def __init__(self, enable_timing):
        assert enable_timing

    def record(self, stream):
        self.at, self.stream = FakeEvent.launched, stream

    def synchronize(self):
        pass

    def elapsed_time(self, other):
        return other.at - self.at


class FakeGraph:
    def __init__(self):
        self.replays = 0

    def replay(self):
        self.replays += 1


def fake_torch():
    """The part of PyTorch that cuda.py calls."""
    calls = types.SimpleNamespace(captured=[], stream=None)

    @contextlib.contextmanager
    def graph(made, stream):
        calls.captured.append((made, stream))
        yield
    switches = types.SimpleNamespace
    torch = types.SimpleNamespace(
        backends=switches(cudnn=switches(), cuda=switches(matmul=switches())),
        cuda=switches(Event=FakeEvent, Stream=lambda: "stream", CUDAGraph=FakeGraph, graph=graph,
                      set_stream=lambda stream: setattr(calls, "stream", stream)))
    return torch, calls


class Cuda(unittest.TestCase):
    def setUp(self):
        self.torch, self.calls = fake_torch()
        patch = mock.patch.dict(sys.modules, {"torch": self.torch})
        patch.start()
        self.addCleanup(patch.stop)
        self.addCleanup(cuda.stream.cache_clear)
        cuda.stream.cache_clear()

    def test_the_stream_and_its_switches(self):
        self.assertEqual((cuda.stream(), self.calls.stream), ("stream", "stream"))
        cudnn = self.torch.backends.cudnn
        self.assertEqual((cudnn.allow_tf32, self.torch.backends.cuda.matmul.allow_tf32, cudnn.benchmark), (False, False, True))

    def test_a_burst_is_the_mean_between_events(self):
        def run():
            FakeEvent.launched += 1
        self.assertEqual(cuda.burst(run, 5), [1e6])

    def test_a_graph_is_captured_warm_and_replayed(self):
        runs = []
        replay = cuda.graphed(lambda: runs.append(len(self.calls.captured)))
        self.assertEqual(runs, [0] * cuda.WARM_UP_RUNS + [1])
        replay()
        ((graph, stream),) = self.calls.captured
        self.assertEqual((graph.replays, stream), (1, "stream"))


class Devices(unittest.TestCase):
    def compiler(self, folder):
        path = Path(folder) / "convoy"
        path.write_text("#!/bin/sh\ncase $1 in --version) echo convoy 9 ;;\n"
                        "boards) printf 'board floats\\nhost 8\\ncuda-sm80 1\\ncuda-sm86 1\\ncuda-sm90 1\\n' ;;\nesac\n")
        path.chmod(0o755)
        return path

    def test_the_board_that_suits(self):
        with tempfile.TemporaryDirectory() as folder:
            compiler = self.compiler(folder)
            self.assertEqual([device.best_board(compiler, capability) for capability in (80, 87, 90, 120)],
                             ["cuda-sm80", "cuda-sm86", "cuda-sm90", "cuda-sm90"])
            with self.assertRaisesRegex(UserError, "capability 7.5, expected .*cuda-sm80"):
                device.best_board(compiler, 75)

    def test_boards_of_cuda(self):
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "mine.json"
            file.write_text(json.dumps({"api": "cuda"}))
            self.assertEqual([device.is_cuda(board) for board in (None, "cuda-sm80", str(file), "opencl", "host")],
                             [True, True, True, False, False])
            with self.assertRaisesRegex(UserError, "absent.json"):
                device.is_cuda("absent.json")

    def refused(self, *arguments):
        with contextlib.redirect_stderr(io.StringIO()) as shown:
            self.assertEqual(cli.main(list(arguments)), 1)
        self.assertEqual(len(shown.getvalue().splitlines()), 1, shown.getvalue())
        self.assertIn("expected", shown.getvalue())
        return shown.getvalue()

    def test_what_is_missing_is_said_in_one_line(self):
        with tempfile.TemporaryDirectory() as folder:
            start = ["--convoy", str(self.compiler(folder)), GROUPED]
            with mock.patch.object(device.ctypes, "CDLL", side_effect=OSError), \
                    mock.patch.object(device.importlib.util, "find_spec", return_value=None):
                said = self.refused(*start)
                self.assertIn("no libcuda.so.1", said)
                self.assertIn("no Python package torch", said)
            for torch in ({"version": types.SimpleNamespace(cuda=None)},
                          {"version": types.SimpleNamespace(cuda="13.2"),
                           "cuda": types.SimpleNamespace(is_available=lambda: False)}):
                fake = types.ModuleType("torch")
                vars(fake).update(torch, __version__="2.15.0", __spec__=importlib.util.spec_from_loader("torch", None))
                with mock.patch.object(device.ctypes, "CDLL"), mock.patch.dict(sys.modules, {"torch": fake}):
                    self.assertRegex(self.refused(*start), "PyTorch 2.15.0 (is built without CUDA|finds no GPU)")
            with mock.patch.object(device.ctypes.util, "find_library", return_value=None):
                self.assertIn("no OpenCL driver", self.refused(*start, "--board", "opencl"))
            self.assertIn("convoy alone", self.refused(*start, "--board", "opencl", "--engines", "convoy,cudnn"))

    def test_errors_are_one_line(self):
        for arguments in (["--bogus"], ["nonsense"], ["--batch", "0"], ["--engines", "cudnn"], ["--shapes", "absent"],
                          ["--convoy", "absent", GROUPED], ["--from", "absent.json"], ["--energy-seconds", "-1"]):
            self.refused(*arguments)


def outputs_of(engine, file):
    engine.load(file, 1)
    engine.bind(random_inputs(input_shapes(file)))
    engine.run()
    return engine.outputs()


@unittest.skipUnless(importlib.util.find_spec("torch"), "no PyTorch")
class PyTorch(unittest.TestCase):
    def test_modules_compute_what_the_files_say(self):
        with tempfile.TemporaryDirectory() as folder:
            for name in (GROUPED, STRIDED, "mb2g8ic8ih6iw9oc8kh3kw5ph1pw2"):
                file = str(model.write(shapes.parse(name), Path(folder)))
                for channels_last in (False, True):
                    found = outputs_of(engines.Torch(channels_last, place=engines.HOST), file)
                    self.assertIsNone(compare_outputs(found, outputs_of(OnnxRuntime(binding=False), file), 1e-5)[1])

    def test_a_network(self):
        with tempfile.TemporaryDirectory() as folder:
            case = cases.choose(["wrn40_2_GN"], 2, [])["wrn40_2_GN"]
            file = str(case.write(Path(folder)))
            found = outputs_of(engines.Torch(place=engines.HOST), file)
            self.assertIsNone(compare_outputs(found, outputs_of(OnnxRuntime(binding=False), file), 1e-5)[1])

    def test_fusion_takes_the_relu_of_a_convolution_alone(self):
        from compare_gpu.torch_model import fuse_relu
        conv, relu = ("Conv", {}, ["x", "w", "b"], "c"), ("Relu", {}, ["c"], "y")
        self.assertEqual(fuse_relu([conv, relu]), [("ConvRelu", {}, ["x", "w", "b"], "y")])
        for nodes in ([conv, relu, ("Add", {}, ["c", "y"], "z")], [("Conv", {}, ["x", "w"], "c"), relu]):
            self.assertEqual(fuse_relu(nodes), nodes)

    def test_other_operators_are_refused(self):
        import onnx
        with tempfile.TemporaryDirectory() as folder:
            side = [onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, [1, 2]) for name in "xy"]
            node = onnx.helper.make_node("Sigmoid", ["x"], ["y"])
            file = Path(folder) / "s.onnx"
            graph = onnx.helper.make_graph([node], "s", side[:1], side[1:])
            onnx.save(onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)], ir_version=8), file)
            with self.assertRaisesRegex(ModelError, "operator Sigmoid, expected one of Conv"):
                engines.Torch(place=engines.HOST).load(str(file), 1)


def why_no_opencl():
    """Why nothing can be compiled and run under an OpenCL driver; "" where it can."""
    if not COMPILER.is_file():
        return f"no {COMPILER}"
    try:
        device.find_host()
    except UserError as error:
        return str(error)
    return ""


@unittest.skipIf(why_no_opencl(), why_no_opencl())
@mock.patch.dict(os.environ, {"CONVOY_OPENCL_DEVICE": "cpu"})
class OnOpenCl(unittest.TestCase):
    def test_a_layer_from_descriptor_to_table(self):
        with tempfile.TemporaryDirectory() as folder:
            with contextlib.redirect_stdout(io.StringIO()) as shown:
                code = cli.main(["--board", "opencl", "--convoy", str(COMPILER), "--work", folder, "--batch", "2",
                                 "--seconds", "0.05", "--keep", "g8ic16ih8oc16kh3ph1"])
            self.assertEqual(code, 0, shown.getvalue())
            report = results.load(Path(folder) / "results-b2.json", FORMAT, GpuRow)
            (row,) = report.rows
            self.assertEqual((row.name, row.status, row.frames, row.chain), ("mb2g8ic16ih8oc16kh3ph1", "ok", 2, 8))
            self.assertGreater(row.us("convoy"), 0)
            self.assertLess(row.engines["convoy"]["error"], 1e-5)
            self.assertNotIn("median_ms", row.engines[REFERENCE])
            self.assertIn(reporting.ON_HOST, (Path(folder) / "results-b2.md").read_text())
            self.on_addresses(Path(folder), row)

    def on_addresses(self, folder, row):
        """The engine of the GPU, on PyTorch's memory: the driver on the CPU takes its addresses too."""
        if not importlib.util.find_spec("torch"):
            return
        library = folder / "libraries" / row.name / "lib" / f"lib{row.name}.so"
        file = str(folder / "models" / f"{row.name}.onnx")
        engine = engines.ConvoyOnDevice(library, row.name, place=engines.HOST)
        found = outputs_of(engine, file)
        self.assertIsNone(compare_outputs(found, outputs_of(OnnxRuntime(binding=False), file), 1e-5)[1])
        with self.assertRaisesRegex(ModelError, "as in the model"):
            engine.bind([np.zeros((1, 1), np.float32)])


if __name__ == "__main__":
    unittest.main()
