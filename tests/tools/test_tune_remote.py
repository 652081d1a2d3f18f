"""`convoy tune --remote` against SSH servers of this test's own: what is tuned, and what becomes of it when a machine
goes away. One processor of this machine is all boards: of times there is nothing to be learned here."""

import contextlib
import json
import os
import platform
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path
from unittest import mock

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from convoy_command import CONVOY, CommandTest, convoy
from ssh_server import SSH_IS_MISSING, Server, privileges

ARM = shutil.which("aarch64-linux-gnu-gcc") and shutil.which("qemu-aarch64-static")
X86 = shutil.which("qemu-x86_64-static")
HAS_AVX2 = " avx2 " in Path("/proc/cpuinfo").read_text()
LAYERS = [f"g4ic{c}ih6oc{c}kh3ph1" for c in (16, 32, 48, 64)]
LAYER = LAYERS[0]


def cpu_of_this_machine():
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return "unknown " + platform.machine()


@unittest.skipIf(SSH_IS_MISSING, SSH_IS_MISSING)
class TuneRemote(CommandTest):
    @classmethod
    def setUpClass(cls):
        cls.enterClassContext(privileges())
        cls.base = Path(cls.enterClassContext(tempfile.TemporaryDirectory(prefix="convoy-test-")))

    def setUp(self):
        super().setUp()
        self.servers = []
        self.database = self.folder / "records.sqlite"

    def serve(self, *hosts, **environment):
        """A server for each host, with a TMPDIR of its own and the environment for programs there."""
        for host in hosts:
            keys = self.folder / f"server_{host}"
            there = self.folder / f"there_{host}"
            for folder in (keys, there):
                folder.mkdir()
            server = Server(keys, host, TMPDIR=there, **environment)
            self.addCleanup(server.stop)
            self.servers.append(server)
        config = self.folder / "config"
        config.write_text("".join(server.config.read_text() for server in self.servers))
        self.ssh = f"ssh -F {config}"
        return self.servers

    def there(self, host="one"):
        return self.folder / f"there_{host}"

    def arguments(self, *layers, hosts=("one",), board="avx2", time="600s", measurements=8, ssh=None, more=()):
        words = ["tune", *(layers or [LAYER]), "--board", board, "--time", time, "--measurements", str(measurements),
                 "--db", str(self.database), "--json", str(self.folder / "out.json"), "--jobs", "2", "--ssh", str(ssh or self.ssh)]
        for host in hosts:
            words += ["--remote", host]
        return [*words, *map(str, more)]

    def start(self, *layers, **rest):
        process = subprocess.Popen([CONVOY, *self.arguments(*layers, **rest)], stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, text=True, start_new_session=True,
                                   env={**os.environ, "TMPDIR": str(self.base)})
        self.addCleanup(lambda: (process.kill(), process.wait(), process.stdout.close(), process.stderr.close()))
        return process

    def end(self, process, code=0):
        """(stdout, stderr) of a process that ends so, and leaves nothing anywhere."""
        out, err = process.communicate(timeout=580)
        self.assertEqual(process.returncode, code, out + err)
        self.assertEqual(list(self.base.iterdir()), [], "left here")
        for server in self.servers:
            self.expect_empty(self.there(server.host))
        return out, err

    def expect_empty(self, folder):
        deadline = time.monotonic() + 20
        while list(folder.glob("convoy-*")):
            self.assertLess(time.monotonic(), deadline, f"left there: {list(folder.iterdir())}")
            time.sleep(0.05)

    def tune(self, *layers, **rest):
        return self.end(self.start(*layers, **rest))

    def expect_tune_error(self, *words, code=1, **rest):
        out, err = self.end(self.start(**rest), code)
        self.assertEqual(out, "")
        self.assertRegex(err, r"\Aconvoy: [^\n]+\n\Z")
        for word in words:
            self.assertIn(str(word), err)

    def records(self):
        answer = convoy("records", "show", "--json", "--db", self.database)
        self.assertEqual((answer.returncode, answer.stderr), (0, ""))
        return json.loads(answer.stdout)["records"]

    def convolutions(self):
        """What --json tells of the convolutions: a layer's in one layout or more."""
        kernels = json.loads((self.folder / "out.json").read_text())["kernels"]
        return [kernel for kernel in kernels if kernel["kernel"].startswith("conv2d")]

    def runner(self, seconds=0.0):
        """A runner that writes down when and where it runs which program, and takes its time."""
        script = self.folder / "runner"
        script.write_text(f'#!/bin/sh\necho "$(date +%s.%N) $1" >>"$TMPDIR/log"\nsleep {seconds}\n"$@"\ncode=$?\n'
                          'echo "$(date +%s.%N) end" >>"$TMPDIR/log"\nexit $code\n')
        script.chmod(0o755)
        return ["--runner", script]

    def programs(self, host):
        """[(seconds, name)] of the programs that ran there."""
        log = self.there(host) / "log"
        lines = [line.split() for line in log.read_text().splitlines()] if log.exists() else []
        return [(float(at), name.removeprefix("./")) for at, name in lines]

    def names(self, host):
        return {name for _, name in self.programs(host)} - {"end"}

    def wait_until(self, process, condition, what):
        deadline = time.monotonic() + 200
        while not condition():
            self.assertIsNone(process.poll(), f"it ended before {what}")
            self.assertLess(time.monotonic(), deadline, f"never: {what}")
            time.sleep(0.02)

    # --- what is tuned ---

    @unittest.skipUnless(HAS_AVX2, "this CPU has no AVX2")
    def test_a_layer(self):
        self.serve("one")
        out, err = self.tune(LAYER, more=["--remote-folder", self.there()])
        self.assertEqual(err, "")
        self.assertIn(f"measured on {cpu_of_this_machine()}", out)
        records = self.records()
        self.assertEqual({record["cpu"] for record in records}, {cpu_of_this_machine()})
        self.assertTrue(self.convolutions())
        for tuned in self.convolutions():
            self.assertGreater(tuned["best_us"], 0)
            self.assertEqual(tuned["failures"], 0)
            self.assertIn(tuned["kernel"], [record["kernel"] for record in records])

    def test_a_gpu(self):
        subprocess.run(["cc", "-shared", "-fPIC", Path(__file__).parents[1] / "gpu" / "fake_cuda.c", "-o",
                        self.folder / "libcuda.so.1"], check=True)
        self.serve("one", LD_LIBRARY_PATH=self.folder)
        out, err = self.tune(LAYER, board="cuda-sm80", measurements=3)
        self.assertEqual(err, "")
        self.assertIn("measured on fake", out)
        self.assertEqual({(record["board"], record["cpu"]) for record in self.records()}, {("cuda-sm80", "fake")})
        self.assertEqual([kernel["failures"] for kernel in self.convolutions()], [0])

    def test_no_gpu(self):
        if Path("/dev/nvidia0").exists():
            self.skipTest("this machine has a GPU with CUDA")
        self.serve("one")
        self.expect_tune_error("one: it has no GPU that runs board cuda-sm80", board="cuda-sm80")

    @unittest.skipUnless(ARM, "gcc-aarch64-linux-gnu or qemu-user-static is missing")
    def test_an_emulated_board(self):
        self.serve("one")
        out, err = self.tune(LAYER, board="cortex-a72", more=["--runner", "qemu-aarch64-static"])
        self.assertEqual(err, "")
        emulated = f"qemu-aarch64-static on {cpu_of_this_machine()} (emulated)"
        self.assertIn(f"measured on {emulated}", out)
        self.assertIn("no compilation takes the records", out)
        self.assertEqual({record["cpu"] for record in self.records()}, {emulated})
        self.assertEqual([kernel["failures"] for kernel in self.convolutions() if kernel["failures"]], [])
        # Neither does it, for the board that was emulated.
        environment = {**os.environ, "CONVOY_RECORDS_DB": str(self.database)}
        compiled = convoy("compile", LAYER, "-o", self.out, "--board", "cortex-a72", "--quiet", env=environment)
        self.assertEqual(compiled.returncode, 0, compiled.stderr)
        self.assertIn("ignored: an emulator's times are no board's", compiled.stderr)
        self.assertNotIn('"record"', next((self.out / "share").glob("*.json")).read_text())

    @unittest.skipUnless(HAS_AVX2, "this CPU has no AVX2")
    def test_what_lies_there(self):
        self.serve("one")
        process = self.start(*LAYERS, measurements=1, more=self.runner(0.1))
        most = 0
        while process.poll() is None:
            for folder in self.there().glob("convoy-tune-*"):
                with contextlib.suppress(FileNotFoundError):
                    most = max(most, sum(name.is_file() and os.access(name, os.X_OK) for name in folder.glob("*program")))
            time.sleep(0.02)
        self.end(process)
        self.assertIn(most, (1, 2), "one that runs and the next one")
        self.assertGreater(len(self.convolutions()), 2)

    # --- several machines ---

    @unittest.skipUnless(HAS_AVX2, "this CPU has no AVX2")
    def test_boards_share_the_kernels(self):
        self.serve("one", "two")
        _, err = self.tune(*LAYERS, hosts=("one", "two"), more=self.runner())
        self.assertEqual(err, "")
        self.assertTrue(self.names("one") and self.names("two"))
        self.assertEqual(self.names("one") & self.names("two"), set(), "a kernel sticks to a machine")
        self.assertGreaterEqual(len(self.convolutions()), len(LAYERS))
        for kernel in self.convolutions():
            self.assertGreater(kernel["best_us"], 0)
            self.assertTrue(kernel["is_finished"])

    @unittest.skipUnless(HAS_AVX2, "this CPU has no AVX2")
    def test_kernels_take_turns(self):
        self.serve("one")
        self.tune(*LAYERS, more=self.runner(0.2))
        programs = [name for _, name in self.programs("one")]
        self.assertEqual(set(programs[1::2]), {"end"}, "one program at a time")
        # While one is compiled or compared once more, another has its turn.
        spans = {name: (programs.index(name), len(programs) - programs[::-1].index(name)) for name in programs[::2]}
        self.assertTrue(any(len(set(programs[begin:end])) > 2 for begin, end in spans.values()), programs)

    @unittest.skipUnless(HAS_AVX2, "this CPU has no AVX2")
    def test_one_goes_away(self):
        one, two = self.serve("one", "two")
        process = self.start(*LAYERS, hosts=("one", "two"), more=self.runner(0.2))
        self.wait_until(process, lambda: len(self.programs("two")) > 4, "programs run on both")
        two.die()
        _, err = self.end(process)
        self.assertRegex(err, r"\Awarning: two: the connection was lost: [^\n]+; its kernels go to the other machines\n\Z")
        moved = self.names("two")
        self.assertTrue(moved)
        self.assertGreaterEqual(len(self.convolutions()), len(LAYERS))
        recorded = {record["kernel"] for record in self.records()}
        for kernel in self.convolutions():
            self.assertTrue(kernel["is_finished"])
            self.assertIn(kernel["kernel"], recorded)

    @unittest.skipUnless(HAS_AVX2, "this CPU has no AVX2")
    def test_all_go_away(self):
        servers = self.serve("one", "two")
        process = self.start(*LAYERS, hosts=("one", "two"), measurements=1, more=self.runner(0.2))
        self.wait_until(process, lambda: self.database.exists() and self.records(), "a kernel has its record")
        before = {record["kernel"]: record for record in self.records()}
        for server in servers:
            server.die()
        out, err = self.end(process, code=1)
        last = err.splitlines()[-1]
        self.assertRegex(last, r"\Aconvoy: no machine is left; what was found is recorded, --resume goes on: (one|two): ")
        self.assertIn("records", out)
        after = {record["kernel"]: record for record in self.records()}
        for kernel in before:
            self.assertEqual(after[kernel], before[kernel])
        for kernel in self.convolutions():
            self.assertEqual(kernel["best_us"] > 0, kernel["kernel"] in after)

    @unittest.skipUnless(HAS_AVX2, "this CPU has no AVX2")
    def test_gone_before_anything_was_measured(self):
        one, = self.serve("one")
        process = self.start(more=self.runner(5))
        self.wait_until(process, lambda: self.programs("one"), "a program runs")
        one.die()
        out, err = self.end(process, code=1)
        self.assertEqual(out, "")
        self.assertRegex(err, r"\Aconvoy: one: the connection was lost: [^\n]+\n\Z")

    @unittest.skipUnless(HAS_AVX2, "this CPU has no AVX2")
    def test_a_line_that_is_silent(self):
        one, = self.serve("one")
        process = self.start(more=self.runner(0.5))
        self.addCleanup(one.signal, signal.SIGCONT)
        self.wait_until(process, lambda: self.programs("one"), "a program runs")
        one.signal(signal.SIGSTOP)
        began = time.monotonic()
        _, err = process.communicate(timeout=120)
        one.signal(signal.SIGCONT)
        self.assertEqual(process.returncode, 1)
        self.assertIn("one: the connection was lost: ", err)
        self.assertLess(time.monotonic() - began, 60)
        self.expect_empty(self.there())

    @unittest.skipUnless(HAS_AVX2, "this CPU has no AVX2")
    def test_a_program_that_hangs(self):
        self.serve("one")
        runner = self.folder / "runner"
        runner.write_text('#!/bin/sh\n[ "$4" = expect ] || [ -e "$TMPDIR/hung" ] || { echo $$ >"$TMPDIR/hung"; exec sleep 300; }\n'
                          'exec "$@"\n')
        runner.chmod(0o755)
        self.tune(LAYER, more=["--runner", runner])
        self.assertFalse(Path("/proc", (self.there() / "hung").read_text().strip()).exists())
        self.assertEqual(sum(kernel["failures"] for kernel in self.convolutions()), 1)
        self.assertTrue(all(kernel["best_us"] > 0 for kernel in self.convolutions()))

    @unittest.skipUnless(HAS_AVX2, "this CPU has no AVX2")
    def test_processors_differ(self):
        self.serve("one", "two")
        cat = self.folder / "cat"
        cat.write_text('#!/bin/sh\ncase "$1" in /proc/*) printf "processor: 0\\nmodel name: Pocket Calculator\\n";;\n'
                       '*) exec /bin/cat "$@";; esac\n')
        cat.chmod(0o755)
        wrapper = self.changed_ssh(f"case $TMPDIR in *two) PATH={self.folder}:$PATH;; esac")
        self.expect_tune_error("two: its processor is Pocket Calculator", f"expected {cpu_of_this_machine()} as one has",
                               hosts=("one", "two"), ssh=wrapper)

    # --- how it ends ---

    @unittest.skipUnless(HAS_AVX2, "this CPU has no AVX2")
    def test_interrupted(self):
        self.serve("one")
        process = self.start(*LAYERS, more=self.runner(0.2))
        self.wait_until(process, lambda: len(self.programs("one")) > 4, "programs run")
        os.killpg(process.pid, signal.SIGINT)
        _, err = self.end(process, code=130)
        self.assertEqual(err, "\nconvoy: interrupted, what was found is recorded, --resume goes on\n")

    @unittest.skipUnless(HAS_AVX2, "this CPU has no AVX2")
    def test_killed(self):
        self.serve("one")
        process = self.start(more=self.runner(3))
        self.wait_until(process, lambda: self.programs("one"), "a program runs")
        process.kill()
        process.wait()
        self.expect_empty(self.there())
        for folder in self.base.iterdir():
            shutil.rmtree(folder)

    # --- what is wrong with a machine ---

    def changed_ssh(self, change):
        """An ssh command whose commands find the machine changed."""
        wrapper = self.folder / "ssh"
        wrapper.write_text(f'#!/usr/bin/env bash\nexec {self.ssh} "${{@:1:$#-1}}" "{change}; ${{@: -1}}"\n'
                           .replace("$TMPDIR", "\\$TMPDIR").replace("$PATH", "\\$PATH"))
        wrapper.chmod(0o755)
        return wrapper

    def test_no_host(self):
        one, = self.serve("one")
        one.stop()
        self.expect_tune_error("one: not reached: ", "refused", "expected a host that", "without a password")
        self.expect_tune_error("one:x: its port is 'x', expected a number", hosts=["one:x"])
        self.expect_tune_error("one:1: not reached: ", "refused", hosts=["one:1"])
        self.expect_tune_error("'-one' is no host", hosts=[], more=["--remote=-one"])

    def test_a_key_that_is_not_known(self):
        one, = self.serve("one")
        (one.folder / "user_key.pub").write_text((one.folder / "host_key.pub").read_text())
        self.expect_tune_error("one: not reached: ", "Permission denied")

    def test_no_shell(self):
        self.serve("one")
        self.expect_tune_error("one: not reached: ", "POSIX shell", ssh=self.changed_ssh("echo hello; exit 1"))

    def test_folders(self):
        self.serve("one")
        for folder, why in ((self.folder / "none", "No such file"), (self.database, "Not a directory")):
            self.database.write_text("a file")
            self.expect_tune_error(f"one: {folder} takes no files: ", why, "--remote-folder",
                                   more=["--remote-folder", folder])

    @contextlib.contextmanager
    def small_disk(self, *options):
        folder = self.folder / "small"
        folder.mkdir(exist_ok=True)
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", ",".join(["size=400k", *options]), "none", folder],
                                 capture_output=True, text=True)
        if mounted.returncode:
            self.skipTest(f"no file system can be mounted: {mounted.stderr.strip()}")
        yield folder
        self.assertEqual(list(folder.iterdir()), [])
        subprocess.run(["umount", folder], check=True)

    @unittest.skipUnless(HAS_AVX2, "this CPU has no AVX2")
    def test_a_small_disk(self):
        self.serve("one")
        with self.small_disk() as folder:
            self.expect_tune_error(f"one: {folder} has 0.4 MiB left, expected ", "MiB for a program", "--remote-folder",
                                   more=["--remote-folder", folder])

    def test_a_disk_that_runs_nothing(self):
        self.serve("one")
        with self.small_disk("noexec") as folder:
            self.expect_tune_error(f"one: {folder} is full or runs no programs (noexec)", "--remote-folder",
                                   more=["--remote-folder", folder])

    @unittest.skipUnless(HAS_AVX2, "this CPU has no AVX2")
    def test_a_disk_that_is_said_to_be_full(self):
        self.serve("one")
        df = self.folder / "df"
        df.write_text("#!/bin/sh\necho Filesystem 1024-blocks Used Available Capacity Mounted on\necho d 9 9 12 99% /\n")
        df.chmod(0o755)
        self.expect_tune_error(f"one: {self.there()} has 0.0 MiB left, expected ",
                               ssh=self.changed_ssh(f"PATH={self.folder}:$PATH"))
        self.expect_tune_error("one: a program could not be written whole",
                               ssh=self.changed_ssh("ulimit -f 20"))

    def test_another_processor(self):
        self.serve("one")
        self.expect_tune_error(f"one: it is Linux on {platform.machine()}, expected Linux on aarch64", "--runner",
                               board="cortex-a72")
        self.expect_tune_error("one: no program emulator, expected what --runner names", board="cortex-a72",
                               more=["--runner", "emulator -x"])

    def test_no_cross_compiler(self):
        self.serve("one")
        programs = self.folder / "programs"
        programs.mkdir()
        for name in ("ssh", "clang", "llvm-ar", "llvm-objcopy"):
            found = shutil.which(name) or next(filter(None, (shutil.which(f"{name}-{v}") for v in range(22, 12, -1))))
            (programs / name).symlink_to(found)
        with mock.patch.dict(os.environ, {"PATH": str(programs), "CONVOY_CROSS_GCC": ""}):
            self.expect_tune_error("'aarch64-linux-gnu-gcc' is not on PATH", "install gcc-aarch64-linux-gnu",
                                   board="cortex-a72")

    @unittest.skipUnless(X86, "qemu-user-static is missing")
    def test_a_processor_that_lacks_instructions(self):
        self.serve("one")
        self.expect_tune_error("one: its processor, qemu-x86_64-static on ", "lacks an instruction", "board avx2",
                               more=["--runner", "qemu-x86_64-static -cpu Nehalem"])

    def test_without_remote(self):
        self.serve("one")
        self.expect_tune_error("board cortex-a72 cannot be tuned here", "--remote", board="cortex-a72", hosts=[])


if __name__ == "__main__":
    unittest.main()
