"""What the numbers were measured on, and which processors to pin to."""

import os
import platform
from pathlib import Path

from harness.errors import UserError

FLAGS = ("avx2", "fma", "avx512f", "avx512vl", "avx512_bf16", "amx_tile", "asimd", "sve")


def _cpuinfo():
    """The first processor's entries of /proc/cpuinfo; empty where there is none."""
    try:
        text = Path("/proc/cpuinfo").read_text()
    except OSError:
        return {}
    first = text.split("\n\n", 1)[0]
    pairs = (line.split(":", 1) for line in first.splitlines() if ":" in line)
    return {key.strip(): value.strip() for key, value in pairs}


def describe():
    """CPU model, the vector flags that matter, processors and the system, as a dictionary."""
    info = _cpuinfo()
    found = set(info.get("flags", info.get("Features", "")).split())
    return {
        "cpu": info.get("model name") or platform.processor() or platform.machine(),
        "flags": [flag for flag in FLAGS if flag in found],
        "processors": os.cpu_count(),
        "system": f"{platform.system()} {platform.machine()}",
    }


def avx2_board():
    """The board whose AVX2 code suits this machine best."""
    return "zen3" if _cpuinfo().get("vendor_id") == "AuthenticAMD" else "avx2"


def _core_of(cpu):
    """A key that hardware threads of one core share."""
    path = Path(f"/sys/devices/system/cpu/cpu{cpu}/topology/thread_siblings_list")
    try:
        return path.read_text().strip()
    except OSError:
        return str(cpu)


def choose_cpus(threads, allowed):
    """`threads` processors out of `allowed`, one a physical core while there are enough cores."""
    cores, siblings, seen = [], [], set()
    for cpu in sorted(allowed):
        core = _core_of(cpu)
        (siblings if core in seen else cores).append(cpu)
        seen.add(core)
    chosen = (cores + siblings)[:threads]
    if len(chosen) < threads:
        raise UserError(f"--threads {threads}: this process may use {len(chosen)} processors, "
                        f"expected at least {threads}")
    return sorted(chosen)


def parse_cpus(text, threads, allowed):
    """The processors of `--cpus 2,3`, one a thread."""
    try:
        cpus = sorted({int(part) for part in text.split(",")})
    except ValueError:
        raise UserError(f"--cpus {text}: expected processor numbers such as 2,3") from None
    if len(cpus) != threads:
        raise UserError(f"--cpus {text}: {len(cpus)} processors, expected {threads}, one a thread")
    missing = set(cpus) - set(allowed)
    if missing:
        raise UserError(f"--cpus {text}: processor {min(missing)} is not available, "
                        f"expected some of {','.join(map(str, sorted(allowed)))}")
    return cpus
