"""What this process has in memory, and at most had, as Linux counts it."""

import contextlib
import ctypes
import gc
from pathlib import Path

SELF = Path("/proc/self")
RESET_PEAK = "5"  # man proc_pid_clear_refs: the largest resident set becomes the present one


def _status_bytes(key):
    for line in (SELF / "status").read_text().splitlines():
        if line.startswith(f"{key}:"):
            return int(line.split()[1]) * 1024
    raise OSError(f"no {key} in {SELF / 'status'}")


def peak_bytes():
    """The largest resident set since `begin`, files that are mapped included."""
    return _status_bytes("VmHWM")


def begin():
    """Gives back what is free; the bytes that remain, from which the peak counts anew."""
    gc.collect()
    with contextlib.suppress(AttributeError):  # glibc has it
        ctypes.CDLL(None).malloc_trim(0)
    (SELF / "clear_refs").write_text(RESET_PEAK)
    return _status_bytes("VmRSS")
