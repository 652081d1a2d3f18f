"""How fast the processors are beside each other: on a shared machine, one may have its core to itself and another not."""

import os
import threading
import time

import numpy as np

SIZE = 64  # of a matrix product that runs from the first cache, too small for a BLAS's own threads
SECONDS = 0.15


def _count(cpu, start, seconds, counts):
    """Products that a thread on `cpu` computes in the time."""
    os.sched_setaffinity(0, {cpu})  # of this thread alone
    a, out = np.ones((SIZE, SIZE), np.float32), np.empty((SIZE, SIZE), np.float32)
    start.wait()
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        np.dot(a, a, out=out)
        counts[cpu] += 1


def speeds(cpus, seconds=SECONDS):
    """The speed of each of `cpus` while all compute, the fastest's being 1; [1.0] for one."""
    if len(cpus) == 1:
        return [1.0]
    counts, start = dict.fromkeys(cpus, 0), threading.Barrier(len(cpus))
    threads = [threading.Thread(target=_count, args=(cpu, start, seconds, counts)) for cpu in cpus]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    most = max(counts.values())
    return [counts[cpu] / most for cpu in cpus]
