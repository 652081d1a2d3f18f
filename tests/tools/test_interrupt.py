"""`convoy compile` interrupted at various times."""

import os
import signal
import subprocess
import time
import unittest
from pathlib import Path

from convoy_command import CONVOY, DIGITS, CommandTest, files_below


def processes_of_session(session):
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue  # it has ended meanwhile
        if int(fields[3]) == session and fields[0] != "Z":
            found.append(entry.name)
    return found


class Interrupt(CommandTest):
    def interrupt(self, how, number, after, out):
        # Halide and clang keep temporary files of their own.
        environment = {**os.environ, "TMPDIR": str(self.folder)}
        process = subprocess.Popen([CONVOY, "compile", DIGITS, "-o", out, "--jobs", "2"], stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, text=True, start_new_session=True, env=environment)
        self.assertTrue(after(process), "the moment to interrupt never came")
        how(process.pid, number)
        stdout, stderr = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 130, stderr)
        self.assertEqual(stdout, "")
        self.assertEqual(stderr.strip(), "convoy: interrupted, nothing was written")
        self.assertEqual(processes_of_session(process.pid), [])

    def once(self, pattern):
        """Waits until a file of that name is being written."""
        def wait(process):
            for _ in range(3000):
                if process.poll() is not None:
                    return False
                if any(self.folder.rglob(pattern)):
                    return True
                time.sleep(0.002)
            return False
        return wait

    def test_nothing_is_left(self):
        for how in (os.kill, os.killpg):
            for number in (signal.SIGINT, signal.SIGTERM):
                for pattern in ("*k0.o", "*k4.o", "driver.c"):
                    with self.subTest(how=how.__name__, number=number, at=pattern):
                        self.interrupt(how, number, self.once(pattern), self.out)
                        self.assertEqual(files_below(self.folder), {})

    def test_earlier_library_stays(self):
        self.compile(DIGITS, "--quiet")
        before = files_below(self.out)
        self.interrupt(os.killpg, signal.SIGINT, self.once("*k2.o"), self.out)
        self.assertEqual(files_below(self.out), before)


if __name__ == "__main__":
    unittest.main()
