"""`convoy tune`: what it records, how it goes on, and that it keeps what it found however it ends."""

import fcntl
import json
import os
import pty
import signal
import sqlite3
import struct
import subprocess
import termios
import time
import unittest

from convoy_command import CONVOY, CommandTest, convoy, one_conv
from test_interrupt import processes_of_session

LAYER = "g4ic16ih7oc16kh3ph1+bias+relu"
OTHER = "g16ic16ih6oc16kh3ph1+bias"
QUICK = ("--measurements", "4", "--time", "2m")
# Goes on until it is told to stop.
LONG = ("--exhaustive", "--time", "1h", "--again")


class Tune(CommandTest):
    def setUp(self):
        super().setUp()
        self.database = self.folder / "data" / "records.sqlite"
        self.temporary = self.folder / "temporary"
        project = self.folder / "project"
        for folder in (self.temporary, project):
            folder.mkdir()
        before = dict(os.environ)
        self.addCleanup(lambda: (os.environ.clear(), os.environ.update(before)))
        os.environ.update({"CONVOY_RECORDS_DB": str(self.database), "CONVOY_RECORDS": str(project),
                           "TMPDIR": str(self.temporary)})

    def rows(self, what, database=None):
        """Rows of the database; none before there is one."""
        try:
            connection = sqlite3.connect(f"file:{database or self.database}?mode=ro", uri=True, timeout=30)
        except sqlite3.OperationalError:
            return []
        try:
            return connection.execute(what).fetchall()
        except sqlite3.OperationalError as error:
            self.assertIn("no such table", str(error))
            return []
        finally:
            connection.close()

    def measured(self):
        return sum(count for count, in self.rows("SELECT count(*) FROM measurements"))

    def records(self, *arguments):
        result = convoy("records", "show", "--json", *arguments)
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        return json.loads(result.stdout)["records"]

    def tune(self, *arguments):
        """Tunes, expects success and returns what --json received, and what was printed."""
        found = self.folder / "found.json"
        found.unlink(missing_ok=True)
        result = convoy("tune", *arguments, "--json", found)
        self.assertEqual((result.returncode, result.stderr), (0, ""), result.stdout)
        self.assertEqual(list(self.temporary.iterdir()), [])
        return json.loads(found.read_text()), result.stdout

    def steps(self, out=None):
        """The convolutions of a compiled library, as its manifest has them."""
        manifest = json.loads(next(((out or self.out) / "share").glob("*.json")).read_text())
        return [step for step in manifest["boards"][0]["steps"] if step["kernel"].startswith("conv2d")]

    def test_what_is_found_is_recorded_and_taken(self):
        model = self.write("conv.onnx", one_conv([1, 16, 7, 7], oc=16, pads=[1, 1, 1, 1]))
        found, printed = self.tune(model, *QUICK, "--db", self.database)
        self.assertEqual(set(found), {"board", "cpu", "halide", "threads", "seconds", "kernels"})
        self.assertGreater(len(found["kernels"]), 0)
        for kernel in found["kernels"]:
            self.assertFalse(kernel["had_record"])
            self.assertEqual(kernel["failures"], 0, kernel)
            self.assertGreaterEqual(kernel["measurements"], 4)
            self.assertGreaterEqual(kernel["space"], kernel["measurements"])
            self.assertGreater(kernel["best_us"], 0)
            self.assertLessEqual(kernel["best_us"], kernel["default_us"])
            self.assertGreater(kernel["roofline_us"], 0)
            self.assertEqual(kernel["steps"], ["conv/conv"])
            times = [time_us for _, time_us in kernel["history"]]
            self.assertEqual(times, sorted(times, reverse=True))
            self.assertIn(kernel["kernel"], printed)
        self.assertIn(f"records   {self.database}\n", printed)

        records = self.records()
        self.assertEqual({record["kernel"] for record in records}, {kernel["kernel"] for kernel in found["kernels"]})
        for record in records:
            (kernel,) = [kernel for kernel in found["kernels"] if kernel["kernel"] == record["kernel"]]
            self.assertEqual((record["template"], record["parameters"], record["measurements"], record["time_us"]),
                             (kernel["template"], kernel["parameters"], kernel["measurements"], kernel["best_us"]))
            self.assertEqual((record["board"], record["cpu"], record["threads"]), (found["board"], found["cpu"], 1))

        # All that was measured is kept, with what the cost model learns from.
        rows = self.rows("SELECT outcome, time_us, predicted_us, features FROM measurements")
        self.assertEqual(len(rows), sum(kernel["measurements"] for kernel in found["kernels"]))
        for outcome, time_us, predicted_us, features in rows:
            self.assertEqual(outcome, "measured")
            self.assertTrue(time_us > 0 and predicted_us > 0)
            self.assertIn("predicted", json.loads(features))

        # A second run has nothing to do, and says so; --again measures once more.
        before = self.measured()
        again, printed = self.tune(model, *QUICK)
        self.assertTrue(all(kernel["had_record"] for kernel in again["kernels"]))
        self.assertRegex(printed, r"\d+ kernels? ha(s a record|ve records) already: --again searches")
        self.assertEqual(self.measured(), before)
        again, printed = self.tune(model, *QUICK, "--again")
        self.assertFalse(any(kernel["had_record"] for kernel in again["kernels"]))
        self.assertGreater(self.measured(), before)
        self.assertEqual(len(self.records()), len(records))

        # --only leaves the others out, and takes several.
        kernel = found["kernels"][0]["kernel"]
        self.assertEqual(self.tune(model, *QUICK, "--again", "--only", "no such kernel")[0]["kernels"], [])
        only, _ = self.tune(model, *QUICK, "--again", "--only", "no such kernel", "--only", kernel)
        self.assertEqual([k["kernel"] for k in only["kernels"]], [kernel])

        self.compile(model, "--quiet")
        (step,) = self.steps()
        self.assertEqual((step["schedule_from"], step["record"]["source"]), ("record", "database records.sqlite"))
        self.assertEqual(convoy("verify", model, self.out / "conv").returncode, 0)

    def test_resume_counts_what_was_measured(self):
        first, _ = self.tune(LAYER, *QUICK)
        kernels = {kernel["kernel"]: kernel["measurements"] for kernel in first["kernels"]}
        before = self.measured()
        second, _ = self.tune(LAYER, "--resume", "--measurements", "16", "--time", "2m")
        for kernel in second["kernels"]:
            self.assertFalse(kernel["had_record"])
            self.assertGreaterEqual(kernel["measurements"], kernels.get(kernel["kernel"], 0))
        added = sum(kernel["measurements"] - kernels.get(kernel["kernel"], 0) for kernel in second["kernels"])
        self.assertEqual(self.measured(), before + added)
        self.assertGreater(added, 0)
        # Nothing is left to do.
        before, records = self.measured(), self.records()
        self.tune(LAYER, "--resume", *QUICK)
        self.assertEqual(self.measured(), before)
        self.assertEqual(self.records(), records)
        found, _ = self.tune(LAYER, "--resume", *QUICK)
        self.assertTrue(all(kernel["had_record"] for kernel in found["kernels"]))

    def test_a_layer_without_a_record_is_measured_again(self):
        self.tune(LAYER, *QUICK)
        connection = sqlite3.connect(self.database)
        connection.execute("DELETE FROM records")
        connection.commit()
        connection.close()
        # What was measured is as much as is asked for, but the program ended before it recorded it.
        found, _ = self.tune(LAYER, "--resume", *QUICK)
        self.assertEqual({record["kernel"] for record in self.records()}, {k["kernel"] for k in found["kernels"]})

    def start(self, *arguments):
        return subprocess.Popen([CONVOY, "tune", *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                text=True, start_new_session=True)

    def wait_for_measurements(self, process, count):
        for _ in range(1200):
            self.assertIsNone(process.poll(), "it ended too early")
            if self.measured() >= count:
                return
            time.sleep(0.1)
        self.fail("it measures nothing")

    def test_ctrl_c_keeps_what_was_found(self):
        for how, number, count in ((os.killpg, signal.SIGINT, 8), (os.kill, signal.SIGTERM, 17)):
            with self.subTest(how=how.__name__, number=number):
                process = self.start(LAYER, *LONG)
                self.wait_for_measurements(process, count)
                how(process.pid, number)
                start = time.monotonic()
                stdout, stderr = process.communicate(timeout=100)
                self.assertLess(time.monotonic() - start, 30)
                self.assertEqual(process.returncode, 130, stderr)
                self.assertEqual(stderr.strip(), "convoy: interrupted, what was found is recorded, --resume goes on")
                self.assertIn("tuned us", stdout)
                self.assertEqual(processes_of_session(process.pid), [])
                self.assertEqual(list(self.temporary.iterdir()), [])
                (record,) = self.records()
                self.assertLessEqual(record["time_us"], record["default_us"])
                self.assertGreaterEqual(record["measurements"], 8)

    def test_ctrl_c_before_anything_was_measured(self):
        process = self.start(LAYER, *LONG)
        for _ in range(1200):
            if any(self.temporary.rglob("trial_0*")):
                break
            time.sleep(0.02)
        os.killpg(process.pid, signal.SIGINT)
        _, stderr = process.communicate(timeout=100)
        self.assertEqual(process.returncode, 130, stderr)
        self.assertEqual(self.measured(), 0)
        self.assertEqual(self.records(), [])
        self.assertEqual(list(self.temporary.iterdir()), [])

    def test_a_killed_tuner_loses_nothing_that_was_measured(self):
        process = self.start(LAYER, *LONG)
        self.wait_for_measurements(process, 3)  # in the middle of a batch
        before = self.measured()
        process.kill()
        process.communicate(timeout=100)
        for _ in range(100):  # what it had started ends with it
            if not processes_of_session(process.pid):
                break
            time.sleep(0.1)
        self.assertEqual(processes_of_session(process.pid), [])
        self.assertGreaterEqual(self.measured(), before)
        self.assertEqual(self.rows("PRAGMA integrity_check"), [("ok",)])
        for file in sorted(self.temporary.rglob("*"), reverse=True):
            file.rmdir() if file.is_dir() else file.unlink()
        before = self.measured()
        found, _ = self.tune(LAYER, "--resume", "--measurements", str(before + 1), "--time", "2m")
        self.assertTrue(any(kernel["measurements"] > before for kernel in found["kernels"]))
        self.assertEqual(len(self.records()), len(found["kernels"]))

    def test_two_tuners_at_once(self):
        both = [self.start(LAYER, *QUICK), self.start(OTHER, *QUICK), self.start(LAYER, *QUICK)]
        for process in both:
            _, stderr = process.communicate(timeout=200)
            self.assertEqual((process.returncode, stderr), (0, ""))
        kernels = "".join(record["kernel"] for record in self.records())
        self.assertIn("g4ic16ih7oc16", kernels)
        self.assertIn("g16ic16ih6oc16", kernels)
        sessions = self.rows("SELECT session, count(*) FROM measurements GROUP BY session")
        self.assertEqual(len(sessions), 3)
        self.assertEqual(self.rows("PRAGMA integrity_check"), [("ok",)])

    def test_records_of_the_database_that_is_named_count(self):
        other = self.folder / "other.sqlite"
        self.tune(LAYER, *QUICK)
        found, _ = self.tune(LAYER, *QUICK, "--db", other)  # the user's have no say
        self.assertFalse(any(kernel["had_record"] for kernel in found["kernels"]))
        found, _ = self.tune(LAYER, *QUICK, "--db", other)
        self.assertTrue(all(kernel["had_record"] for kernel in found["kernels"]))

    def test_records_of_other_threads_do_not_count(self):
        self.tune(LAYER, *QUICK)
        found, _ = self.tune(LAYER, *QUICK, "--threads", "2")
        self.assertFalse(any(kernel["had_record"] for kernel in found["kernels"]))
        self.assertEqual({record["threads"] for record in self.records()}, {1, 2})
        found, _ = self.tune(LAYER, *QUICK, "--threads", "2")
        self.assertTrue(all(kernel["had_record"] for kernel in found["kernels"]))

    def test_a_record_that_compiling_would_not_take_does_not_count(self):
        self.tune(LAYER, *QUICK)
        connection = sqlite3.connect(self.database)
        connection.execute("UPDATE records SET parameters = '{}'")
        connection.commit()
        connection.close()
        found, _ = self.tune(LAYER, *QUICK)
        self.assertFalse(any(kernel["had_record"] for kernel in found["kernels"]))

    def shown(self, columns, *arguments):
        """The lines that a terminal so wide shows one after the other in the same place."""
        ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        process = subprocess.Popen([CONVOY, "tune", *arguments], stdout=subprocess.DEVNULL, stderr=theirs)
        os.close(theirs)
        text = b""
        try:
            while part := os.read(ours, 4096):
                text += part
        except OSError:  # so a terminal ends
            pass
        os.close(ours)
        self.assertEqual(process.wait(timeout=120), 0)
        return text.decode().split("\r\x1b[K")

    def test_a_line_says_how_far_it_is(self):
        lines = self.shown(200, LAYER, *QUICK)
        self.assertRegex(lines[1], r"^ +0\.\d s  \[\.+\] 0/\d+  [12]:\d\d left, 0 measured, ")
        pattern = r"\[#+\] (\d+)/\1  \d:\d\d left, \d\.\d\dx default, \d+% of roofline, [\d.]+ us, \d+ measured, "
        self.assertRegex(lines[-3], pattern + r"saved \d+%, conv2d g4ic16ih7")
        self.assertEqual(lines[-2:], ["", ""])
        # One that is too long would be wrapped, and could not be redrawn.
        lines = self.shown(40, OTHER, *QUICK)
        self.assertGreater(len(lines), 3)
        for line in lines:
            self.assertLess(len(line), 40)

    def test_what_cannot_be_measured_is_an_error(self):
        result = convoy("tune", "ic64ih50000oc64kh3ph1", "--time", "1m")
        self.assertEqual(result.returncode, 1)
        self.assertIn("1 kernel could not be measured", result.stdout)
        warning, error = result.stderr.splitlines()
        self.assertRegex(warning, "^warning: no memory for the operands of conv2d g1ic64ih50000")
        self.assertEqual(error, "convoy: no kernel could be measured, the warnings say why")
        self.assertEqual(self.records(), [])
        self.assertEqual(list(self.temporary.iterdir()), [])

    def test_a_file_of_layers_and_several_at_once(self):
        layers = self.write("layers.txt", f"# two\n{LAYER}\n\n  {OTHER} # the other\n{LAYER}\n".encode())
        found, _ = self.tune("--layers", layers, *QUICK)
        kernels = [kernel["kernel"] for kernel in found["kernels"]]
        self.assertEqual(len(kernels), len(set(kernels)))  # equal layers once
        for kernel in found["kernels"]:
            self.assertEqual(kernel["failures"], 0, kernel)
            self.assertEqual(len(kernel["steps"]), 2 if "g4ic16ih7" in kernel["kernel"] else 1)

    def test_compile_tunes_first(self):
        printed = self.compile(LAYER, "--tune", "20s").stdout
        self.assertIn("tuned us", printed)
        self.assertGreater(len(self.records()), 0)
        (step,) = self.steps()
        self.assertEqual(step["schedule_from"], "record")
        before = self.measured()
        self.assertEqual(self.compile(LAYER, "--tune", "20s", "--quiet").stdout, "")
        self.assertEqual(self.measured(), before)
        self.assertEqual(self.steps(), [step])

    def test_a_model_that_is_read_several_times_warns_once(self):
        model = self.write("conv.onnx", one_conv([1, 16, 7, 7], oc=16, value=float("nan")))
        _, *more = self.compile(model, "--tune", "1s", "--quiet").stderr.splitlines()
        self.assertEqual(more, [])

    def test_mistakes(self):
        for text in ("10", "0s", "-5m", "abc", "5x"):
            self.expect_error(convoy("tune", LAYER, f"--time={text}"), f"'{text}'", "90s")
        self.expect_error(convoy("compile", LAYER, "-o", self.out, "--tune", "5"), "'5'", "90s")
        self.expect_error(convoy("tune"), "no model", "--layers")
        self.expect_error(convoy("tune", "--layers", self.folder / "absent.txt"), "absent.txt", "cannot be read")
        self.expect_error(convoy("tune", "--layers", self.write("none.txt", b"# none\n")), "no model")
        self.expect_error(convoy("tune", "--layers", self.write("bad.txt", b"ic8ih7oc8\n")), "ic8ih7oc8")
        self.expect_error(convoy("tune", LAYER, "--measurements", "0"), "--measurements")
        self.expect_error(convoy("tune", LAYER, "--jobs", "0"), "--jobs")
        self.expect_error(convoy("tune", LAYER, "--threads", "257"), "--threads", "256")
        self.expect_error(convoy("tune", LAYER, "--board", "rpi99"), "rpi99")
        self.expect_error(convoy("tune", LAYER, "--board", "cortex-a72"), "cortex-a72", "does not run its code")
        self.expect_error(convoy("tune", LAYER, "--json", self.folder / "absent" / "x.json"), "x.json")
        self.expect_error(convoy("tune", LAYER, "--json", self.folder), self.folder)
        self.assertFalse(self.database.parent.exists())
        self.expect_error(convoy("tune", self.folder / "absent.onnx"), "absent.onnx")
        self.expect_error(convoy("tune", LAYER, "--records", self.folder / "absent.json"), "absent.json")
        text = self.write("text.sqlite", b"x" * 4000)
        self.expect_error(convoy("tune", LAYER, "--db", text), text, "is no SQLite database")
        self.expect_error(convoy("tune", LAYER, "--db", "/proc/x.sqlite"), "/proc/x.sqlite", "cannot be opened")

    def test_compiling_for_a_board_that_is_not_here_goes_on_without(self):
        result = self.compile(LAYER, "--board", "cortex-a72", "--tune", "20s", "--quiet")
        self.assertIn("warning: board cortex-a72 is not tuned", result.stderr)
        self.assertFalse(self.database.exists())


if __name__ == "__main__":
    unittest.main()
