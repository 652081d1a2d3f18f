"""Interleaved timing: every round runs each engine for one short burst, in another order."""

import gc
import itertools
import time

BURST_NS = 2_000_000
LONG_BURST = 3
MINIMUM_ROUNDS = 10
WARM_UP_RUNS = 3
WARM_UP_NS = 200_000_000
QUIET_STEP_S = 0.01
QUIET_STEPS = 20


def settle(threads):
    """Waits until worker threads that spin after a run have gone to sleep.

    Some engines' workers keep polling for tens of milliseconds after a run, which speeds up the
    next run of the same engine and takes the processors from the next engine's. The wait ends when
    the whole process uses less than a tenth of one processor.
    """
    if threads == 1:
        return
    for _ in range(QUIET_STEPS):
        before = time.process_time()
        time.sleep(QUIET_STEP_S)
        if time.process_time() - before < QUIET_STEP_S / 10:
            return


def run_burst(run, count):
    """Nanoseconds of each of `count` runs in a row."""
    clock = time.perf_counter_ns
    samples = []
    for _ in range(count):
        start = clock()
        run()
        samples.append(clock() - start)
    return samples


def burst_length(typical_ns, threads):
    """Runs in a burst: about 2 ms of them; one more with threads, to wake them."""
    count = max(1, -(-BURST_NS // max(1, int(typical_ns))))
    return count + (threads > 1)


def kept(samples, threads):
    """A burst's samples without the first one where that only warms caches or wakes threads."""
    return samples[1:] if threads > 1 or len(samples) > LONG_BURST else samples


def warm_up(run, burst):
    """Runs until caches and clocks have settled; the fastest run in nanoseconds."""
    samples = []
    while len(samples) < WARM_UP_RUNS or sum(samples) < WARM_UP_NS:
        samples += burst(run, 1)
    return min(samples)


def balanced_orders(names):
    """Orders in which every name follows every other one equally often.

    E. J. Williams, "Experimental designs balanced for the estimation of residual effects of
    treatments", 1949: a Latin square for an even number of names, two for an odd one.
    """
    names = list(names)
    count = len(names)
    zigzag = [(step + 1) // 2 if step % 2 else (count - step // 2) % count for step in range(count)]
    square = [[names[(place + shift) % count] for place in zigzag] for shift in range(count)]
    return square + [row[::-1] for row in square] if count % 2 else square


def interleave(runs, threads, seconds, minimum_rounds=MINIMUM_ROUNDS, progress=None, burst=run_burst):
    """Times `runs` (name -> callable) against each other; ({name: samples in ns}, rounds).

    The rounds go through balanced orders of the engines, so that none always runs after the same
    one. There are as many rounds as fit into `seconds`, at least `minimum_rounds`. `burst(run, count)`
    times runs in a row: each of them, or their mean as the only sample.
    """
    counts = {}
    for name, run in runs.items():
        settle(threads)
        counts[name] = burst_length(warm_up(run, burst), threads)
    samples = {name: [] for name in runs}
    orders = itertools.cycle(balanced_orders(runs))
    collecting = gc.isenabled()
    gc.disable()
    try:
        start = time.perf_counter()
        rounds, elapsed = 0, 0.0
        while rounds < minimum_rounds or elapsed < seconds:
            for name in next(orders):
                settle(threads)
                samples[name] += kept(burst(runs[name], counts[name]), threads)
            rounds += 1
            elapsed = time.perf_counter() - start
            if progress:
                progress(min(elapsed / seconds if seconds > 0 else 1.0, rounds / minimum_rounds, 1.0))
    finally:
        if collecting:
            gc.enable()
    return samples, rounds
