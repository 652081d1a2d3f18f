"""The other machine, through ssh: needs a POSIX shell, mktemp, df and head there."""

import contextlib
import shlex
import subprocess
import tempfile
import threading
from dataclasses import dataclass

from harness.build import last_line
from harness.errors import UserError

SSH_FAILED = 255
NOT_SENT, NO_FOLDER = 97, 98  # exit codes of RUN
SYSTEMS = {"x86_64-linux": ("x86_64", "amd64"), "aarch64-linux": ("aarch64", "arm64")}
OPTIONS = ["-o", "BatchMode=yes", "-o", "ConnectTimeout=10", "-o", "ServerAliveInterval=5", "-o", "ServerAliveCountMax=3"]
MARK = "convoy-on-board:"  # a login script may have printed before

PROBE = """
folder={folder}
folder=${{folder:-${{TMPDIR:-/tmp}}}}
runner=ok
{runner}
echo "{mark} $(uname -s) $(uname -m) $runner $(df -Pk "$folder" 2>/dev/null | tail -n 1 | tr -s ' ' | cut -d ' ' -f 4)"
echo "$folder"
"""

# Standard input is the program, then stays open as long as the caller is there: where it ends, so does the program.
RUN = """
set -u
folder={folder}
folder=$(mktemp -d "${{folder:-${{TMPDIR:-/tmp}}}}/convoy-bench-XXXXXX") || exit {no_folder}
trap 'rm -rf "$folder"' EXIT
trap 'exit 129' HUP INT TERM PIPE
exec 3<&0
head -c {size} <&3 >"$folder/bench" && [ "$(wc -c <"$folder/bench")" -eq {size} ] || exit {not_sent}
chmod +x "$folder/bench"
{runner} "$folder/bench" {arguments} </dev/null &
program=$!
(cat <&3; kill $program) >/dev/null 2>&1 &
status=0
wait $program || status=$?
exit $status
"""


@dataclass
class Remote:
    """A machine that `ssh HOST` reaches. `folder` and `runner` are as the options say."""

    ssh: str
    host: str
    folder: str = ""
    runner: str = ""

    def _command(self, script):
        return [*shlex.split(self.ssh), *OPTIONS, self.host, f"sh -c {shlex.quote(script)}"]

    def _unreachable(self, errors):
        return UserError(f"{self.host}: not reached: {last_line(errors)}, expected a host that "
                         f"`{self.ssh} {self.host}` reaches without a password")

    def check(self, system, size):
        """An error where a program of `size` bytes for `system` could not run there."""
        words = shlex.split(self.runner)
        runner = f"command -v {shlex.quote(words[0])} >/dev/null || runner=missing" if words else ""
        script = PROBE.format(folder=shlex.quote(self.folder), runner=runner, mark=MARK)
        try:
            answer = subprocess.run(self._command(script), stdin=subprocess.DEVNULL, capture_output=True, text=True,
                                    errors="replace", timeout=60)
        except subprocess.TimeoutExpired:
            raise self._unreachable("no answer within 60 s") from None
        if answer.returncode == SSH_FAILED:
            raise self._unreachable(answer.stderr)
        found = answer.stdout.rpartition(MARK)[2].splitlines()
        if len(found) < 2 or len(found[0].split()) < 3:
            raise UserError(f"{self.host}: no POSIX shell: {last_line(answer.stderr)}")
        kernel, machine, has_runner, *free_kib = found[0].split()
        if has_runner == "missing":
            raise UserError(f"{self.host}: no program {words[0]}, expected what --runner names")
        if not words and (kernel != "Linux" or machine not in SYSTEMS[system]):
            raise UserError(f"{self.host}: it is {kernel} on {machine}, expected Linux on {SYSTEMS[system][0]}, "
                            "which the board is for; --runner names an emulator")
        if not free_kib or not free_kib[0].isdigit():
            raise UserError(f"{self.host}: {found[1]} is no folder, expected one as --folder")
        if int(free_kib[0]) * 1024 < size:
            raise UserError(f"{self.host}: {found[1]} has {int(free_kib[0]) / 1024:.1f} MiB left, expected "
                            f"{size / 2**20:.1f} MiB for the program; --folder names another folder")

    def run(self, program, arguments, timeout):
        """What the program prints; it is there only while it runs."""
        size = program.stat().st_size
        script = RUN.format(folder=shlex.quote(self.folder), size=size, not_sent=NOT_SENT, no_folder=NO_FOLDER,
                            runner=self.runner, arguments=shlex.join(map(str, arguments)))
        with tempfile.TemporaryFile("w+", errors="replace") as errors:
            process = subprocess.Popen(self._command(script), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors)
            late = threading.Event()

            def give_up():
                late.set()
                process.kill()
            timer = threading.Timer(timeout, give_up)
            timer.start()
            try:
                with contextlib.suppress(BrokenPipeError):  # what it said comes below
                    process.stdin.write(program.read_bytes())
                    process.stdin.flush()
                output = process.stdout.read().decode(errors="replace")
                process.wait()
            finally:
                timer.cancel()
                process.kill()
                process.wait()
                process.stdout.close()
                with contextlib.suppress(BrokenPipeError):
                    process.stdin.close()
            if late.is_set():
                raise UserError(f"{self.host}: no result within {timeout:g} s, expected one; --timeout gives it longer")
            errors.seek(0)
            self._expect_success(process.returncode, errors.read())
        return output

    def _expect_success(self, code, errors):
        if code == SSH_FAILED:
            raise UserError(f"{self.host}: the connection was lost: {last_line(errors)}")
        if code in (NOT_SENT, NO_FOLDER):
            what = "the program could not be written whole" if code == NOT_SENT else "no folder could be made"
            raise UserError(f"{self.host}: {what}: {last_line(errors)}; --folder names another folder")
        if code:
            signal = f"signal {code - 128}" if 128 < code < 160 else f"exit code {code}"
            hint = " (an instruction that its CPU lacks)" if code == 128 + 4 else ""
            raise UserError(f"{self.host}: the program ended with {signal}{hint}: {last_line(errors)}")
