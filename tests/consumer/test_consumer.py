"""Installs Convoy, and builds and runs a project outside the tree that finds it."""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "tools"))

from convoy_command import DIGITS, one_conv

CMAKE = os.environ["CMAKE"]
BUILD = os.environ["CONVOY_BUILD"]
COMPILER = shutil.which("aarch64-linux-gnu-gcc")
EMULATOR = shutil.which("qemu-aarch64-static") or shutil.which("qemu-aarch64")


def run(*command):
    return subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=300)


class Consumer(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        temporary = tempfile.TemporaryDirectory(prefix="convoy-test-")
        cls.addClassCleanup(temporary.cleanup)
        cls.folder = Path(temporary.name)
        installed = run(CMAKE, "--install", BUILD, "--prefix", cls.folder / "before")
        assert installed.returncode == 0, installed.stdout + installed.stderr
        # An installation can be moved.
        cls.prefix = cls.folder / "prefix"
        (cls.folder / "before").rename(cls.prefix)

    def project(self, name, cmake_lists=None):
        source = self.folder / name
        shutil.copytree(HERE / "project", source)
        shutil.copy(DIGITS, source)
        np.save(source / "w.npy", np.full((4, 3, 3, 3), 0.5, np.float32))
        np.save(source / "b.npy", np.ones(4, np.float32))
        (source / "named.onnx").write_bytes(one_conv(["N", 3, 8, 8]).SerializeToString(deterministic=True))
        (source / "records.json").write_text(json.dumps(self.records(source)))
        if cmake_lists:
            (source / "CMakeLists.txt").write_text(
                "cmake_minimum_required(VERSION 3.21)\nproject(p LANGUAGES CXX)\nfind_package(convoy REQUIRED)\n"
                "add_executable(app main.cpp)\n" + cmake_lists)
        return source

    def records(self, source):
        """What the project's layer and its model below choose for avx2, as if it had been measured."""
        if not hasattr(Consumer, "found"):
            Consumer.found = {}
            for arguments in (["ic3ih8oc4kh3ph1+bias+relu", "--weights", source / "w.npy", "--bias", source / "b.npy"],
                              [source / "named.onnx", "--dim", "N=3"]):
                out = self.folder / "chosen"
                compiled = run(self.prefix / "bin/convoy", "compile", *arguments, "-q", "-o", out, "--name", "chosen",
                               "--board", "avx2")
                self.assertEqual(compiled.returncode, 0, compiled.stderr)
                manifest = json.loads((out / "share/chosen.json").read_text())
                for step in manifest["boards"][0]["steps"]:
                    # No prediction is as fast.
                    self.found[step["kernel"]] = {
                        "kernel": step["kernel"], "threads": 1, "board": "avx2", "cpu": "a CPU",
                        "halide": manifest["halide"], **step["schedule"], "time_us": 0.001, "default_us": 0, "predicted_us": 0,
                        "measurements": 1, "at": 1760000000}
        return {"format": "convoy-records-1", "records": list(self.found.values())}

    def configure(self, source):
        return run(CMAKE, "-S", source, "-B", source / "build", f"-DCMAKE_PREFIX_PATH={self.prefix}")

    def build(self, source):
        result = run(CMAKE, "--build", source / "build")
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        return result.stdout

    def test_installed_files(self):
        for file in ("bin/convoy", "include/convoy/model.hpp", "lib/libHalide.so", "lib/libautoschedule_adams2019.so",
                     "lib/cmake/convoy/convoyConfig.cmake", "share/convoy/boards/avx2.json", "share/convoy/driver/api.c"):
            self.assertTrue((self.prefix / file).is_file(), file)

    def test_installed_command_needs_nothing_else(self):
        boards = run(self.prefix / "bin/convoy", "boards", "--help").stdout
        self.assertIn(str(self.prefix / "share/convoy/boards"), boards)
        out = self.folder / "out"
        for command in (["compile", DIGITS, "-o", out], ["verify", DIGITS, out / "digits"]):
            result = run("env", "-i", "PATH=/usr/bin:/bin", self.prefix / "bin/convoy", *command)
            self.assertEqual(result.returncode, 0, result.stderr)

    def test_project(self):
        source = self.project("project")
        result = self.configure(source)
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        self.assertIn("Compiling digits.onnx for host", self.build(source))

        ran = run(source / "build" / "digits")
        self.assertEqual(ran.returncode, 0, ran.stderr)
        self.assertRegex(ran.stdout, r"digits 64 -> 10: \S+\nbatched 576 -> 432: 6.75\nlayer 28\n")

        for name in ("convoy_models/digits/baked/share/baked.json", "below/convoy_models/networks/batched/share/batched.json"):
            boards = json.loads((source / "build" / name).read_text())["boards"]
            for step in next(board for board in boards if board["board"] == "avx2")["steps"]:
                self.assertEqual(step.get("record", {}).get("source"), "file records.json", (name, step))

        self.assertNotIn("Compiling", self.build(source), "nothing has changed")
        (source / "records.json").touch()
        again = self.build(source)
        self.assertIn("Compiling copy.onnx", again)
        self.assertIn("Compiling ic3ih8oc4kh3ph1+bias+relu", again)
        self.assertNotIn("Compiling digits.onnx", again)
        (source / "digits.onnx").touch()
        again = self.build(source)
        self.assertIn("Compiling digits.onnx", again)
        self.assertNotIn("Compiling copy.onnx", again)
        (self.prefix / "bin/convoy").touch()
        again = self.build(source)
        self.assertIn("Compiling digits.onnx", again)
        self.assertIn("Compiling copy.onnx", again)

    def two_systems(self, name, *options):
        """A project that links a package for two systems, configured with the options."""
        out, source = self.folder / f"{name}_package", self.folder / name
        compiled = run(self.prefix / "bin/convoy", "compile", DIGITS, "-q", "-o", out, "--board", "avx2,cortex-a72")
        self.assertEqual(compiled.returncode, 0, compiled.stderr)
        shutil.copytree(HERE / "two_systems", source)
        board = json.loads((self.prefix / "share/convoy/boards/cortex-a53.json").read_text())
        (source / "mine.json").write_text(json.dumps({**board, "name": "mine"}))
        return source, run(CMAKE, "-S", source, "-B", source / "build", f"-DCMAKE_PREFIX_PATH={self.prefix};{out}",
                           *options)

    def expect_run(self, source, *command, digits, layer):
        self.build(source)
        ran = run(*command, source / "build" / "app")
        self.assertEqual(ran.returncode, 0, ran.stderr)
        self.assertRegex(ran.stdout, rf"\Adigits on {digits}: -?\d.*\nlayer on {layer}: 46\n\Z")

    def test_a_package_for_two_systems(self):
        source, configured = self.two_systems("native")
        self.assertEqual(configured.returncode, 0, configured.stdout + configured.stderr)
        self.expect_run(source, digits="avx2", layer="avx(2|512)")

    @unittest.skipUnless(COMPILER and EMULATOR, "gcc-aarch64-linux-gnu or qemu-user-static is missing")
    def test_a_package_for_two_systems_on_the_other(self):
        source, configured = self.two_systems("cross", "-DCMAKE_TOOLCHAIN_FILE=aarch64.cmake")
        self.assertEqual(configured.returncode, 0, configured.stdout + configured.stderr)
        self.expect_run(source, EMULATOR, digits="cortex-a72", layer="mine")
        # A board file is a dependency.
        (source / "mine.json").write_text("{}")
        failed = run(CMAKE, "--build", source / "build")
        self.assertNotEqual(failed.returncode, 0)
        self.assertIn("mine.json", failed.stdout + failed.stderr)

    def test_a_package_lacks_the_system(self):
        _, configured = self.two_systems("riscv", "-DCMAKE_SYSTEM_NAME=Linux", "-DCMAKE_SYSTEM_PROCESSOR=riscv64")
        self.assertNotEqual(configured.returncode, 0)
        message = re.sub(r"\s+", " ", configured.stderr)
        for word in ("'riscv64'", "'Linux'", "x86_64-linux, aarch64-linux"):
            self.assertIn(word, message)

    def test_errors_when_configured(self):
        for number, (call, *words) in enumerate((
                ("convoy_add_model(app ONNX none.onnx)", "no such file", "none.onnx"),
                ("convoy_add_model(app ONNX below)", "no such file", "below"),
                ("convoy_add_model(app)", "no ONNX file", "ONNX <file>"),
                ("convoy_add_model(app ONNX)", "no value after ONNX"),
                ("convoy_add_model(app digits.onnx)", "unknown argument 'digits.onnx'"),
                ("convoy_add_model(app ONNX digits.onnx BOARD host)", "unknown argument 'BOARD;host'"),
                ("convoy_add_layer(app ic3ih8oc4kh3 WEIGHTS none.npy)", "no such file", "none.npy", ".npy file"),
                ("convoy_add_layer(app ic3ih8oc4kh3 ONNX digits.onnx)", "unknown argument 'ONNX;digits.onnx'"),
                ("convoy_add_layer(app ic3ih8oc4kh3 NAME)", "no value after NAME"),
                ("convoy_add_layer(app ic3ih8oc4kh3 BOARDS none.json)", "no such file", "none.json", "a board file"),
                ("convoy_add_layer(app ic3ih8oc4kh3 RECORDS none.json)", "no such file", "none.json", "a file of records"),
                ("convoy_add_model(app ONNX digits.onnx RECORDS)", "no value after RECORDS"),
                ("convoy_add_layer(lib ic3ih8oc4kh3)", "'lib' is not a target"),
                ("convoy_add_model(lib ONNX digits.onnx)", "'lib' is not a target"),
                ("convoy_add_model(app ONNX digits.onnx NAME a-b)", "'a-b'", "C identifier"),
                ("convoy_add_model(app ONNX digits.onnx)\nconvoy_add_model(app ONNX digits.onnx)",
                 "'digits' was added already"))):
            with self.subTest(call):
                result = self.configure(self.project(f"error_{number}", call))
                self.assertNotEqual(result.returncode, 0)
                message = re.sub(r"\s+", " ", result.stderr)
                for word in (call.partition("(")[0], *words):
                    self.assertIn(word, message)

    def test_bad_layer(self):
        source = self.project("bad_layer", "convoy_add_layer(app ic3ih8oc4kx3)")
        self.assertEqual(self.configure(source).returncode, 0)
        result = run(CMAKE, "--build", source / "build")
        self.assertNotEqual(result.returncode, 0)
        self.assertIn("unknown letter 'kx'", result.stdout + result.stderr)

    def test_errors_when_built(self):
        source = self.project("bad_board", "convoy_add_model(app ONNX digits.onnx BOARDS toaster)")
        self.assertEqual(self.configure(source).returncode, 0)
        result = run(CMAKE, "--build", source / "build")
        self.assertNotEqual(result.returncode, 0)
        self.assertIn("convoy: unknown board 'toaster'", result.stdout + result.stderr)


if __name__ == "__main__":
    unittest.main()
