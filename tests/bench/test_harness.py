"""Tests of what the bench commands share, with fake engines: python tests/bench/test_harness.py"""

import collections
import math
import os
import sys
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "bench"), str(Path(__file__).resolve().parent)]

import numpy as np
from fakes import Broken, Crash, Fake, LateNan
from harness import isolate, processors, stats, timing
from harness.arrays import aligned_empty, compare_outputs, random_inputs
from harness.errors import ModelError
from harness.measure import Job, measure
from small_model import write_model


class Statistics(unittest.TestCase):
    def test_geomean(self):
        self.assertAlmostEqual(stats.geomean([1, 4, 16]), 4.0)
        self.assertTrue(math.isnan(stats.geomean([])))

    def test_summary_of_samples(self):
        summary = stats.summarise([4_000_000, 1_000_000, 3_000_000, 2_000_000])
        self.assertEqual(summary, {"min_ms": 1.0, "median_ms": 2.5, "p90_ms": 4.0, "count": 4})

    def test_percentile(self):
        self.assertEqual(stats.percentile(range(1, 11), 0.9), 9)
        self.assertEqual(stats.percentile([7], 0.9), 7)


class Outputs(unittest.TestCase):
    def test_relative_error(self):
        reference = [np.array([1.0, -4.0], np.float32)]
        error, fault = compare_outputs([reference[0] + np.float32(2e-4)], reference, 1e-4)
        self.assertAlmostEqual(error, 5e-5, places=6)
        self.assertIsNone(fault)
        self.assertIn("relative error", compare_outputs([reference[0] + 1], reference, 1e-4)[1])

    def test_what_can_never_match(self):
        good = np.ones((1, 2), np.float32)
        for mine, theirs in (([good * np.nan], [good]), ([good], [good * np.nan]), ([good * np.inf], [good]),
                             ([], [good]), ([good[0]], [good]), ([good], [good * 0])):
            self.assertIsNotNone(compare_outputs(mine, theirs, 1e-4)[1])

    def test_arrays(self):
        self.assertEqual(aligned_empty((3, 5)).ctypes.data % 64, 0)
        first, second = (random_inputs([(2, 3)])[0] for _ in range(2))
        np.testing.assert_array_equal(first, second)


class Timing(unittest.TestCase):
    def test_bursts(self):
        self.assertEqual(timing.burst_length(5_000_000, 1), 1)
        self.assertEqual(timing.burst_length(500_000, 1), 4)
        self.assertEqual(timing.kept([9, 1, 1, 1], 1), [1, 1, 1])
        self.assertEqual(timing.kept([9, 1, 1], 1), [9, 1, 1])
        self.assertEqual(timing.kept([9, 1], 4), [1])

    def test_orders_are_balanced(self):
        for names in ("a", "ab", "abc", "abcde", "abcdef"):
            orders = timing.balanced_orders(names)
            self.assertTrue(all(sorted(order) == sorted(names) for order in orders))
            pairs = collections.Counter(pair for order in orders for pair in zip(order, order[1:]))
            self.assertEqual(len(pairs), len(names) * (len(names) - 1))
            self.assertLessEqual(len(set(pairs.values())), 1)

    def test_rounds_use_every_order(self):
        order = []
        runs = {name: (lambda name=name: order.append(name) or timing.time.sleep(0.003)) for name in "ab"}
        samples, rounds = timing.interleave(runs, 1, 0.0, minimum_rounds=4)
        self.assertEqual(order[-8:], list("abbaabba"))
        self.assertEqual((rounds, len(samples["a"]), len(samples["b"])), (4, 4, 4))


class Processors(unittest.TestCase):
    def test_the_fastest_is_one(self):
        allowed = sorted(os.sched_getaffinity(0))
        speeds = processors.speeds(allowed, seconds=0.02)
        self.assertEqual((len(speeds), max(speeds)), (len(allowed), 1.0))
        self.assertGreater(min(speeds), 0)
        self.assertEqual(sorted(os.sched_getaffinity(0)), allowed)
        self.assertEqual(processors.speeds([allowed[0]]), [1.0])


class Measuring(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.model = write_model(folder.name)

    def job(self, convoy):
        peers = {"onnxruntime": [Fake("onnxruntime", 20), Fake("onnxruntime", 4)]}
        return Job(self.model, {"convoy": [convoy], **peers}, "onnxruntime", 1, 0.05)

    def test_right(self):
        result = measure(self.job(Fake("convoy", 2)))
        self.assertEqual((result["status"], result["engines"]["onnxruntime"]["setting"]), ("ok", "4 ms"))
        self.assertGreaterEqual(result["rounds"], timing.MINIMUM_ROUNDS)
        self.assertLess(result["engines"]["convoy"]["median_ms"], result["engines"]["onnxruntime"]["median_ms"])

    def test_with_threads_processors_are_measured_too(self):
        job = self.job(Fake("convoy", 2))
        self.assertNotIn("cpu_speeds", measure(job))
        job.threads, job.cpus = 2, sorted(os.sched_getaffinity(0))[:2]
        self.assertEqual(len(measure(job)["cpu_speeds"]), len(job.cpus))

    def test_wrong_is_not_timed(self):
        for convoy in (Fake("convoy", 2, offset=0.1), Fake("convoy", 2, offset=math.nan)):
            result = measure(self.job(convoy))
            self.assertEqual((result["status"], result["rounds"]), ("wrong", 0))
            self.assertNotIn("median_ms", result["engines"]["convoy"])

    def test_wrong_only_after_the_rounds(self):
        result = measure(self.job(LateNan("convoy", 2)))
        self.assertEqual(result["status"], "wrong")
        self.assertRegex(result["reason"], "after 10 rounds, convoy: .*NaN")

    def test_own_process(self):
        stages = []
        result = isolate.measure_apart(self.job(Fake("convoy", 2)), lambda stage, share: stages.append(stage))
        self.assertEqual(result["status"], "ok")
        self.assertIn("measuring", stages)
        for engine, reason in ((Broken("convoy"), "convoy: no kernel for Foo$"),
                               (Crash("convoy"), "SIGABRT while loading convoy")):
            with self.assertRaisesRegex(ModelError, reason):
                isolate.measure_apart(self.job(engine))


if __name__ == "__main__":
    unittest.main()
