"""`convoy tune` for a GPU's board: with an OpenCL driver that runs kernels on the CPU, whose records a compilation takes, and
with a driver of CUDA that computes nothing. How candidates misbehave is tested in tests/tune."""

import json
import os
import subprocess
import sys
import unittest
from pathlib import Path

from test_gpu import COMPILER, ON_CPU, ON_GPU, ROOT, has_opencl

sys.path.insert(0, str(ROOT / "tests" / "tools"))
from convoy_command import CommandTest, convoy, one_conv

QUICK = ("--measurements", "3", "--time", "1m")


class TuneGpu(CommandTest):
    def setUp(self):
        super().setUp()
        self.model = self.write("conv.onnx", one_conv([1, 4, 7, 7], oc=8, pads=[1, 1, 1, 1]))
        project = self.folder / "project"
        project.mkdir()
        self.own = {"CONVOY_RECORDS_DB": str(self.folder / "records.sqlite"), "CONVOY_RECORDS": str(project)}

    def tune(self, environment, *arguments):
        """Tunes, and returns what --json received."""
        found = self.folder / "found.json"
        result = convoy("tune", self.model, *QUICK, "--json", found, *arguments, env={**environment, **self.own})
        self.assertEqual((result.returncode, result.stderr), (0, ""), result.stdout)
        return json.loads(found.read_text())

    def records(self):
        result = convoy("records", "show", "--json", env={**os.environ, **self.own})
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        return json.loads(result.stdout)["records"]

    def compile_here(self, *arguments, environment=ON_CPU):
        result = convoy("compile", self.model, "-o", self.out, "--name", "net", *arguments,
                        env={**environment, **self.own})
        self.assertEqual(result.returncode, 0, result.stderr)
        return result

    def step(self):
        manifest = json.loads((self.out / "share" / "net.json").read_text())
        (step,) = [step for step in manifest["boards"][0]["steps"] if step["kernel"].startswith("conv2d")]
        return step

    def fake_cuda(self):
        """The environment where a driver of CUDA is found that computes nothing."""
        subprocess.run([COMPILER, "-O1", "-shared", "-fPIC", Path(__file__).parent / "fake_cuda.c", "-o",
                        self.folder / "libcuda.so.1"], check=True)
        return {**os.environ, "LD_LIBRARY_PATH": str(self.folder)}

    def test_cuda_calls_its_driver(self):
        found = self.tune(self.fake_cuda(), "--board", "cuda-sm80")
        self.assertEqual(found["cpu"], "fake")
        (kernel,) = found["kernels"]
        self.assertEqual(kernel["failures"], 0)
        self.assertGreaterEqual(kernel["measurements"], 3)
        (record,) = self.records()
        self.assertEqual((record["board"], record["cpu"], record["threads"]), ("cuda-sm80", "fake", 1))

    def test_a_device_of_less_compute_capability(self):
        result = convoy("tune", self.model, *QUICK, "--board", "cuda-sm90", env={**self.fake_cuda(), **self.own})
        self.expect_error(result, "this machine", "cuda-sm90", "expected one with CUDA, of compute capability 9.0")

    def test_without_a_gpu(self):
        if Path("/dev/nvidia0").exists():
            self.skipTest("this machine has a GPU with CUDA")
        result = convoy("tune", self.model, *QUICK, "--board", "cuda-sm80", env={**ON_GPU, **self.own})
        self.expect_error(result, "this machine: it has no GPU", "cuda-sm80", "compute capability 8.0 or later")
        result = self.compile_here("--board", "cuda-sm80", "--tune", "20s", "--quiet", environment=ON_GPU)
        self.assertIn("warning: board cuda-sm80 is not tuned: this machine: it has no GPU", result.stderr)
        self.assertEqual(self.step()["schedule_from"], "model")
        self.assertFalse(Path(self.own["CONVOY_RECORDS_DB"]).exists())

    def test_threads(self):
        result = convoy("tune", self.model, "--board", "opencl", "--threads", "2", env={**ON_CPU, **self.own})
        self.expect_error(result, "--threads 2", "opencl is a GPU", "expected 1")

    @unittest.skipUnless(has_opencl(), "there is no OpenCL driver: pocl-opencl-icd and ocl-icd-libopencl1 are missing")
    def test_opencl_records_are_taken_and_right(self):
        found = self.tune(ON_CPU, "--board", "opencl")
        (kernel,) = found["kernels"]
        self.assertEqual(kernel["failures"], 0, kernel)
        self.assertGreaterEqual(kernel["measurements"], 3)
        self.assertLessEqual(kernel["best_us"], kernel["default_us"])
        (record,) = self.records()
        self.assertEqual((record["board"], record["cpu"]), ("opencl", found["cpu"]))
        self.assertEqual((record["template"], record["parameters"]), (kernel["template"], kernel["parameters"]))

        self.compile_here("--board", "opencl")
        step = self.step()
        self.assertEqual((step["schedule_from"], step["record"]["source"]), ("record", "database records.sqlite"))
        result = convoy("verify", self.model, self.out / "net", env=ON_CPU)
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)

        # A later record of another GPU stands beside it, and is taken where this one is not.
        record["cpu"], record["at"], record["time_us"] = "another", record["at"] + 1, 1e6
        other = self.write("other.json", json.dumps({"format": "convoy-records-1", "records": [record]}).encode())
        result = convoy("records", "import", other, env={**os.environ, **self.own})
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual(len(self.records()), 2)
        for environment, own in ((ON_CPU, True), (ON_GPU, False)):
            self.compile_here("--board", "opencl", environment=environment)
            self.assertEqual(self.step()["expected_us"] < 1e5, own)

    @unittest.skipUnless(has_opencl(), "there is no OpenCL driver: pocl-opencl-icd and ocl-icd-libopencl1 are missing")
    def test_compile_tunes_first(self):
        printed = self.compile_here("--board", "opencl", "--tune", "10s").stdout
        self.assertIn("tuned us", printed)
        self.assertEqual(self.step()["schedule_from"], "record")


if __name__ == "__main__":
    unittest.main()
