"""bench/on_board.py against an SSH server of this test's own, on the loopback: its key, its configuration, its port.

$CONVOY is the compiler, $CONVOY_DIGITS an ONNX model.
"""

import contextlib
import io
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path
from unittest import mock

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "bench"), str(ROOT / "tests")]

from on_board import cases, cli
from ssh_server import SSH_IS_MISSING, Server, privileges

CONVOY, DIGITS = os.environ["CONVOY"], os.environ["CONVOY_DIGITS"]
ARM = shutil.which("aarch64-linux-gnu-gcc") and shutil.which("qemu-aarch64-static")
X86 = shutil.which("qemu-x86_64-static")
HAS_AVX2 = " avx2 " in Path("/proc/cpuinfo").read_text()
LAYER, STRIDED = "g8ic16ih10oc16kh3sh1ph1", "g4ic8ih9oc16kh3sh2ph1"


@unittest.skipIf(SSH_IS_MISSING, SSH_IS_MISSING)
class OverSsh(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.enterClassContext(privileges())
        cls.base = Path(cls.enterClassContext(tempfile.TemporaryDirectory(prefix="convoy-test-")))
        cls.server = Server(cls.base)
        cls.addClassCleanup(cls.server.stop)

    def setUp(self):
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory(prefix="convoy-test-")))
        self.there = self.folder / "there"
        self.there.mkdir()

    def arguments(self, *more, ssh=None, there=None):
        return ["board", *more, "--ssh", ssh or f"ssh -F {self.server.config}", "--folder", str(there or self.there),
                "--convoy", CONVOY, "--work", str(self.folder / "work"), "--out", str(self.folder / "out")]

    def run_it(self, *more, **rest):
        """(exit code, stdout, stderr) of the command; nothing of it is left there."""
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = cli.main(self.arguments(*more, **rest))
        self.assertEqual(list(self.there.iterdir()), [])
        return code, out.getvalue(), err.getvalue()

    def expect_rows(self, names, *more, **rest):
        """The JSON's rows and the printed text of a run that succeeds."""
        code, out, err = self.run_it(*more, **rest)
        self.assertEqual((code, err), (0, ""), out)
        made = json.loads((self.folder / "out.json").read_text())
        self.assertEqual([row["name"] for row in made["rows"]], names)
        for row in made["rows"]:
            self.assertEqual(row["failure"], "")
            self.assertLess(row["error"], 1e-5)
            self.assertGreater(row["predicted_us"], 0)
            self.assertIn(row["name"], out)
        return made, out, (self.folder / "out.md").read_text()

    def expect_error(self, *words, arguments, **rest):
        """One line on stderr that has all the words."""
        code, out, err = self.run_it(*arguments, **rest)
        self.assertEqual((code, out), (1, ""))
        self.assertRegex(err, r"\Aon_board.py: [^\n]+\n\Z")
        for word in words:
            self.assertIn(word, err)

    @unittest.skipUnless(HAS_AVX2, "this CPU has no AVX2")
    def test_this_machine(self):
        names = [LAYER, STRIDED, "digits"]
        made, out, page = self.expect_rows(names, "--board", "avx2", LAYER, STRIDED, DIGITS, "--seconds", "0.05",
                                           "--threads", "2")
        self.assertEqual((made["threads"], made["runner"]), (2, ""))
        self.assertIn("Linux", made["machine"]["system"])
        self.assertEqual(made["rows"][0]["macs"], 16 * 10 * 10 * 2 * 9, "of one layer of the chain")
        for row in made["rows"]:
            self.assertGreaterEqual(row["runs"], 10)
            self.assertGreater(row["min_us"], 0)
            self.assertLessEqual(row["min_us"], row["median_us"])
            self.assertIn(f"{row['median_us']:.1f}", out)
            self.assertIn(f"| `{row['name']}` |", page)

    @unittest.skipUnless(HAS_AVX2, "this CPU has no AVX2")
    def test_pinned_to_one_processor(self):
        cpu = str(min(os.sched_getaffinity(0)))
        self.expect_rows([LAYER], "--board", "avx2", LAYER, "--seconds", "0.05", "--cpus", cpu)
        self.expect_error("the program ended", "the processors to pin to", arguments=["--board", "avx2", LAYER,
                                                                                    "--cpus", "1023"])

    @unittest.skipUnless(ARM, "gcc-aarch64-linux-gnu or qemu-user-static is missing")
    def test_an_emulated_board_has_no_times(self):
        made, out, page = self.expect_rows([LAYER, "digits"], "--board", "cortex-a72", LAYER, DIGITS, "--seconds", "0.05",
                                           "--runner", "qemu-aarch64-static")
        self.assertIn("aarch64", made["machine"]["system"])
        for row in made["rows"]:
            self.assertNotIn("min_us", row)
            self.assertNotIn("median_us", row)
        for text in (out, page):
            self.assertIn("Emulated by `qemu-aarch64-static`", text)

    @unittest.skipUnless(HAS_AVX2, "this CPU has no AVX2")
    def test_roofline(self):
        code, out, err = self.run_it("--board", "avx2", "--roofline")
        self.assertEqual((code, err), (0, ""))
        shown, measured = out.split("\nmeasured: ")
        self.assertIn("board      avx2", shown)
        self.assertGreater(float(measured.split()[0]), 1)
        self.assertLess(float(measured.split()[0]), 2 * 8 * 2 * 6, "two units at 6 GHz")
        self.assertEqual(len(re.findall(r"^ *\d+ KiB +[\d.]+ +[\d.]+$", measured, re.MULTILINE)), 14)
        self.expect_error("--roofline: with --runner", arguments=["--board", "avx2", "--roofline", "--runner", "x"])
        self.expect_error("no CASE", arguments=["--board", "avx2"])

    @unittest.skipUnless(HAS_AVX2, "this CPU has no AVX2")
    def test_wrong_outputs_are_not_timed(self):
        right = cases.outputs_of
        for change, failure in ((lambda y: y * 1.01, "wrong outputs"), (lambda y: y, None)):
            def outputs_of(file, options):
                inputs, outputs = right(file, options)
                return inputs, [change(y) for y in outputs]
            with mock.patch.object(cases, "outputs_of", outputs_of):
                code, out, _ = self.run_it("--board", "avx2", STRIDED, "--seconds", "0.05")
            row = json.loads((self.folder / "out.json").read_text())["rows"][0]
            self.assertEqual(code, 1 if failure else 0)
            self.assertEqual(row["failure"], failure or "")
            self.assertEqual("median_us" in row, not failure)
            self.assertEqual(f"{STRIDED}: {failure}" in out, bool(failure))

    @unittest.skipUnless(X86, "qemu-user-static is missing")
    def test_a_cpu_that_lacks_instructions(self):
        code, out, _ = self.run_it("--board", "avx2", STRIDED, "--runner", "qemu-x86_64-static -cpu Nehalem")
        self.assertEqual(code, 1)
        self.assertIn(f"{STRIDED}: this machine lacks CPU instructions", out)

    @unittest.skipUnless(ARM, "gcc-aarch64-linux-gnu is missing")
    def test_another_architecture(self):
        self.expect_error("board: ", "Linux on x86_64", "expected Linux on aarch64", "--runner",
                          arguments=["--board", "cortex-a72", STRIDED])

    def test_no_host(self):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            nobody = self.server.write_config("nobody", free.getsockname()[1])
        self.expect_error("board: not reached: ", "refused", "without a password", ssh=f"ssh -F {nobody}",
                          arguments=["--board", "avx2", STRIDED])

    def test_a_key_that_is_not_known(self):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", self.folder / "other"], check=True)
        config = self.folder / "config"
        config.write_text(self.server.config.read_text().replace(f"{self.base}/user_key", f"{self.folder}/other"))
        self.expect_error("board: not reached: ", "Permission denied", ssh=f"ssh -F {config}",
                          arguments=["--board", "avx2", STRIDED])

    def changed_ssh(self, change):
        """An ssh command whose commands find the machine changed."""
        wrapper = self.folder / "ssh"
        wrapper.write_text(f'#!/usr/bin/env bash\nexec ssh -F {self.server.config} "${{@:1:$#-1}}" "{change}; ${{@: -1}}"\n')
        wrapper.chmod(0o755)
        return str(wrapper)

    def test_a_full_disk(self):
        df = self.folder / "df"
        df.write_text("#!/bin/sh\necho Filesystem 1024-blocks Used Available Capacity Mounted on\necho disk 9 9 12 99% /\n")
        df.chmod(0o755)
        self.expect_error(str(self.there), "has 0.0 MiB left, expected ", ssh=self.changed_ssh(f"PATH={self.folder}:$PATH"),
                          arguments=["--board", "avx2", STRIDED])
        self.expect_error("the program could not be written whole", "--folder", ssh=self.changed_ssh("ulimit -f 20"),
                          arguments=["--board", "avx2", STRIDED])

    def test_what_is_missing(self):
        self.expect_error("no program emulator", arguments=["--board", "avx2", STRIDED, "--runner", "emulator -x"])
        self.expect_error("/none is no folder", there=self.folder / "none", arguments=["--board", "avx2", STRIDED])
        self.expect_error("no-such-cc", "expected a C compiler", arguments=["--board", "avx2", STRIDED,
                                                                          "--compiler", "no-such-cc"])
        self.expect_error("'toaster'", arguments=["--board", "toaster", STRIDED])
        self.expect_error("none.onnx", arguments=["--board", "avx2", "none.onnx"])
        self.expect_error("boards of", "one system", arguments=["--board", "avx2,cortex-a72", STRIDED])

    def expect_nothing_left(self):
        deadline = time.monotonic() + 20
        while list(self.there.iterdir()) or self.is_in_a_command_line():
            self.assertLess(time.monotonic(), deadline, "the program is still there, or runs")
            time.sleep(0.1)

    def is_in_a_command_line(self):
        running = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
        return str(self.there) in running

    @unittest.skipUnless(HAS_AVX2, "this CPU has no AVX2")
    def test_too_long(self):
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = cli.main(self.arguments("--board", "avx2", STRIDED, "--seconds", "100", "--timeout", "2"))
        self.assertEqual(code, 1)
        self.assertIn("no result within 2 s", err.getvalue())
        self.expect_nothing_left()

    @unittest.skipUnless(HAS_AVX2, "this CPU has no AVX2")
    def test_interrupted(self):
        process = subprocess.Popen([sys.executable, "-B", ROOT / "bench/on_board.py",
                                    *self.arguments("--board", "avx2", STRIDED, "--seconds", "100")],
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True)
        deadline = time.monotonic() + 60
        while not list(self.there.glob("*/bench")):
            self.assertLess(time.monotonic(), deadline, "the program was not sent")
            time.sleep(0.1)
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
        self.assertEqual((process.returncode, out, err), (130, "", ""))
        self.expect_nothing_left()


if __name__ == "__main__":
    unittest.main()
