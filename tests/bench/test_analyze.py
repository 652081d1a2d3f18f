"""bench/analyze.py: pages of what convoy analyze writes."""

import json
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

SCRIPT = Path(__file__).parents[2] / "bench" / "analyze.py"
ROW = {"kernel": "conv2d g1ic16ih8oc16oh8kh3ph1+bias nchw->nchw", "steps": ["one/conv", "two/conv"],
       "parameters": {"tile_oc": 4}, "expected_us": 3.25}


class Pages(unittest.TestCase):
    def page(self, analysis, expected=0):
        with tempfile.TemporaryDirectory(prefix="convoy-test-") as folder:
            file, page = Path(folder) / "analysis.json", Path(folder) / "page.md"
            file.write_text(json.dumps(analysis))
            result = subprocess.run([sys.executable, SCRIPT, file, "-o", page], capture_output=True, text=True)
            self.assertEqual(result.returncode, expected, result.stderr)
            return page.read_text(), result.stderr

    def test_inner_loops(self):
        row = {**ROW, "template": "of_no_reason", "loop": {"macs": 48, "spill_loads": 1, "spill_stores": 2}, "cycles": 6.0,
               "bottleneck": "latency"}
        analysis = {"board": "toaster", "mca": "llvm-mca 19", "mca_cpu": "t1", "peak_macs_per_cycle": 8,
                    "kernels": [{**row, "peak_percent": 99.0}]}
        text, _ = self.page(analysis)
        self.assertIn("1 distinct convolutions; 1 reach 70 %", text)
        self.assertIn("| one and 1 more | `of_no_reason tile_oc=4` | 48 | 6.0 | 99 | 3 | latency |", text)
        analysis["kernels"].append({**row, "peak_percent": 42.0})
        _, error = self.page(analysis, expected=1)
        self.assertIn("without a reason", error)

    def test_launches(self):
        row = {**ROW, "template": "gpu_tiles", "registers": 40, "spill_store_bytes": 0, "spill_load_bytes": 8,
               "shared_bytes": 512, "threads": [8, 4, 1], "blocks": [2, 3, 1], "occupancy_percent": 50.0,
               "loop": {"fmas": 30, "loads": 6, "instructions": 40}}
        text, _ = self.page({"board": "toaster-sm1", "ptxas_target": "sm_1", "kernels": [row]})
        self.assertIn("1 distinct convolutions; 1 spill", text)
        self.assertIn("| 40 | 8 | 512 | 8x4x1 | 2x3x1 | 50 | 75 | 30 | 6 | 3.2 |", text)


if __name__ == "__main__":
    unittest.main()
