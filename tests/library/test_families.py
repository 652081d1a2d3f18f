"""Whole networks of the papers: compiled for this machine, they compute what their models say."""

import os
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tools"))

from convoy_command import CommandTest, convoy

FAMILIES = Path(os.environ["CONVOY_FAMILIES"])


class Families(CommandTest):
    def test_outputs(self):
        models = sorted(FAMILIES.glob("*.onnx"))
        self.assertEqual(len(models), 5)
        for model in models:
            with self.subTest(model.stem):
                compiled = self.compile(model)
                self.assertEqual(compiled.stderr, "", "no schedule was dropped")
                result = convoy("verify", model, self.out / model.stem, "--threads", "2")
                self.assertEqual(result.returncode, 0, result.stdout + result.stderr)


if __name__ == "__main__":
    unittest.main()
