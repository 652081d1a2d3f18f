"""The other commands, and what `convoy compile` writes."""

import json
import re
import unittest
from pathlib import Path

import numpy as np

from convoy_command import DIGITS, CommandTest, convoy, one_conv

ROOT = Path(__file__).resolve().parents[2]
DOCS, BOARDS = ROOT / "docs", ROOT / "targets/boards"


class Usage(CommandTest):
    def test_help(self):
        for command in ([], ["compile"], ["verify"], ["bench"], ["boards"], ["analyze"], ["records"]):
            result = convoy(*command, "--help")
            self.assertEqual(result.returncode, 0, result.stderr)
            self.assertEqual(result.stderr, "")
            self.assertIn("--help", result.stdout)

    def test_help_names_every_command(self):
        for command in ("compile", "verify", "bench", "boards", "analyze", "records", "tune"):
            self.assertRegex(convoy("--help").stdout, rf"\n\s+{command}\s")

    def test_version(self):
        self.assertRegex(convoy("--version").stdout, r"\A\d+\.\d+\.\d+\n\Z")

    def test_mistakes(self):
        self.expect_error(convoy(), "subcommand")
        self.expect_error(convoy("compose"), "compose")
        self.expect_error(convoy("boards", "now"), "now")
        self.expect_error(convoy("verify", DIGITS), "library is required")
        self.expect_error(convoy("bench"), "library is required")
        self.expect_error(convoy("bench", self.out / "x", "--threads", "257"), "--threads", "1 to 256")

    def test_boards(self):
        result = convoy("boards")
        self.assertEqual(result.returncode, 0, result.stderr)
        names = [line.split()[0] for line in result.stdout.splitlines()[1:]]
        self.assertEqual(names[0], "host")
        self.assertLessEqual({"avx2", "avx512", "cortex-a72"}, set(names))

    def test_one_board(self):
        for name in ("host", "avx2", "cortex-a53", "neoverse-v2"):
            result = convoy("boards", "show", name)
            self.assertEqual(result.returncode, 0, result.stderr)
            levels = dict(line.split(maxsplit=1) for line in result.stdout.split("ridge\n", 1)[1].splitlines()[:4] if line)
            self.assertIn("memory", levels)
            # Farther levels are slower, so that more operations a byte are needed.
            ridges = [float(line.split()[-1]) for name, line in levels.items() if name in ("L1d", "L2", "L3", "memory")]
            self.assertEqual(ridges, sorted(ridges), result.stdout)
        self.expect_error(convoy("boards", "show", "toaster"), "'toaster'", "cortex-a72")
        self.expect_error(convoy("boards", "show"), "BOARD")

    def test_the_page_about_boards(self):
        """Its skeleton is a good board, and its tables have the keys that there are."""
        skeleton = DOCS / "my-board.json"
        self.assertEqual(convoy("boards", "check", skeleton).returncode, 0)
        self.compile(DIGITS, "--board", skeleton, "--quiet")
        for title, board in (("| key |", skeleton), ("| key of a GPU |", BOARDS / "cuda-sm80.json")):
            self.write("other.json", b'{"name": "other", "key": 1, ' + board.read_bytes().split(b",", 1)[1])
            known = convoy("boards", "check", self.folder / "other.json").stderr.partition("expected ")[2].strip().split(", ")
            self.assertIn("clock_ghz", known)
            table = (DOCS / "adding-a-board.md").read_text().partition(title)[2].partition("\n\n")[0]
            rows = [line.split("|")[1] for line in table.splitlines() if line.startswith("| `")]
            self.assertEqual(sorted(re.findall(r"`(\w+)`", " ".join(rows))), known)
            self.assertLessEqual(set(json.loads(board.read_text())), set(known))

    def test_files_of_boards(self):
        show = convoy("boards", "show", "cortex-a72").stdout
        source = Path(__file__).parents[2] / "targets" / "boards" / "cortex-a72.json"
        mine = self.write("mine.json", source.read_bytes().replace(b'"cortex-a72"', b'"mine"'))
        for command in (["show", mine], ["check", mine], ["check", mine, source]):
            result = convoy("boards", *command)
            self.assertEqual(result.returncode, 0, result.stderr)
            self.assertTrue(result.stdout.startswith(show.replace("cortex-a72:", "mine:")), result.stdout)
        self.compile(DIGITS, "--board", mine, "--quiet")
        self.assertEqual(json.loads((self.out / "share" / "digits.json").read_text())["boards"][0]["board"], "mine")
        bad = self.write("bad.json", mine.read_bytes().replace(b'"mine"', b'"bad"').replace(b"1.5", b"-1.5"))
        for command in (["boards", "check", mine, bad], ["boards", "show", bad], ["compile", DIGITS, "-o", self.out,
                                                                               "--board", bad]):
            self.expect_error(convoy(*command), bad, '"clock_ghz" is -1.5, expected more than 0')
        self.expect_error(convoy("boards", "check"), "FILE")


class Compile(CommandTest):
    def test_files(self):
        self.compile(DIGITS)
        files = {str(path.relative_to(self.out)) for path in self.out.rglob("*") if path.is_file()}
        self.assertEqual(files, {"lib/libdigits.a", "include/digits.h", "share/digits.json", "share/digits_driver.c",
                                 "lib/cmake/digits/digits-config.cmake"})

    def test_quiet(self):
        result = self.compile(DIGITS, "--quiet")
        self.assertEqual(result.stdout + result.stderr, "")

    def test_names_come_from_files(self):
        for file, name in (("my-model.v2.onnx", "my_model_v2"), ("3d.onnx", "model_3d"), ("new.onnx", "model_new")):
            self.compile(self.write(file, one_conv()), "--quiet")
            self.assertTrue((self.out / "include" / f"{name}.h").exists(), name)

    def test_unusual_folders(self):
        for folder in ('with "quotes" and spaces', "back\\slash", "näm", "a/b/c"):
            out = self.folder / folder
            self.compile(DIGITS, "--quiet", out=out)
            self.assertEqual(convoy("verify", DIGITS, out / "digits").returncode, 0)

    def test_unusual_names_of_nodes(self):
        model = one_conv(name='*/ #error "*/')
        self.compile(self.write("odd.onnx", model), "--quiet")
        broken = one_conv(name="node_ab").SerializeToString().replace(b"node_ab", b"node\xff\xfe\x01")
        self.compile(self.write("broken.onnx", broken), "--quiet")
        json.loads((self.out / "share" / "broken.json").read_text())

    def test_nan_weights_are_warned_of(self):
        result = self.compile(self.write("nan.onnx", one_conv(value=np.nan)))
        self.assertRegex(result.stderr, r"\Awarning: [^\n]*'w'[^\n]*NaN[^\n]*\n\Z")
        self.assertTrue((self.out / "lib" / "libnan.a").exists())

    def test_manifest(self):
        self.compile(DIGITS, "--board", "avx2,avx512", "--quiet")
        manifest = json.loads((self.out / "share" / "digits.json").read_text())
        self.assertEqual(manifest["name"], "digits")
        self.assertEqual(manifest["inputs"], [{"name": "image", "dims": [1, 1, 8, 8]}])
        self.assertEqual([board["board"] for board in manifest["boards"]], ["avx512", "avx2"])
        for board in manifest["boards"]:
            self.assertEqual(board["macs"], sum(step["macs"] for step in board["steps"]))
            self.assertLessEqual(board["kernels"], len(board["steps"]))
            self.assertLessEqual(board["arena_bytes"], manifest["arena_bytes"])
            self.assertGreater(board["expected_us"], 0)
            for step in board["steps"]:
                self.assertTrue(step["schedule"]["template"])
                self.assertIn(step["schedule_from"], ("model", "record"))
                self.assertIn(step["most_threads"], range(1, 257))
        self.assertEqual(manifest["threads"], 1)

    def test_for_many_threads(self):
        layer = "ic64ih56oc64kh3ph1"
        result = self.compile(layer, "--board", "avx2", "--threads", "4", "--name", "four")
        self.assertRegex(result.stdout, r"expected .* ms on 4 threads")
        self.compile(layer, "--board", "avx2", "--name", "one", "--quiet")
        four, one = (json.loads((self.out / "share" / f"{name}.json").read_text()) for name in ("four", "one"))
        self.assertEqual((four["threads"], one["threads"]), (4, 1))
        self.assertLess(four["boards"][0]["expected_us"], 0.5 * one["boards"][0]["expected_us"])
        convolution = max(four["boards"][0]["steps"], key=lambda step: step["macs"])
        self.assertGreaterEqual(convolution["most_threads"], 4)
        self.expect_error(convoy("compile", layer, "-o", self.out, "--threads", "257"), "--threads", "1 to 256")


    def test_rounding(self):
        layer = "ic64ih28oc64kh3ph1"

        def compiled(*options):
            self.compile(layer, "--board", "avx2", "--name", "layer", "--quiet", *options)
            board = json.loads((self.out / "share" / "layer.json").read_text())["boards"][0]
            return board["relative_error"], max(step.get("relative_error", 0) for step in board["steps"])

        usual, of_layer = compiled()
        self.assertGreater(of_layer, 0)
        self.assertAlmostEqual(usual / of_layer, 0.6, delta=0.5)
        less, _ = compiled("--max-error", str(usual / 2))
        self.assertLess(less, usual / 2)
        self.assertEqual(compiled("--max-error", "0"), (0, 0))
        self.assertEqual(compiled("--no-winograd"), (0, 0))
        for text in ("-1", "nan", "2", "abc", "1e-5x"):
            self.expect_error(convoy("compile", layer, "-o", self.out, "--max-error", text),
                              "--max-error", f"'{text}', expected a number from 0 to 1")


class Verify(CommandTest):
    def setUp(self):
        super().setUp()
        self.model = self.write("conv.onnx", one_conv(["N", 3, 8, 8]))
        self.compile(self.model, "--dim", "N=2", "--quiet")

    def verify(self, model, *arguments):
        return convoy("verify", model, self.out / "conv", *arguments)

    def test_right_model(self):
        for arguments in ([], ["--threads", "2"], ["--tolerance", "1e-5"]):
            result = self.verify(self.model, "--dim", "N=2", *arguments)
            self.assertEqual(result.returncode, 0, result.stderr)
            self.assertRegex(result.stdout, r"\ny +\d+")

    def refuse(self, result, *words):
        self.assertEqual(result.returncode, 1, result.stdout + result.stderr)
        self.assertRegex(result.stderr, r"\Aconvoy: [^\n]+\n\Z")
        for word in words:
            self.assertIn(word, result.stderr)

    def test_other_weights(self):
        other = self.write("other.onnx", one_conv([2, 3, 8, 8], value=0.2501))
        result = self.verify(other)
        self.refuse(result, "conv", "tolerance")
        self.assertIn("TOO LARGE", result.stdout)
        self.assertEqual(self.verify(other, "--tolerance", "0.01").returncode, 0)

    def test_other_shapes(self):
        self.refuse(self.verify(self.write("other.onnx", one_conv([1, 3, 8, 8]))), "inputs differ")
        self.refuse(self.verify(self.write("other.onnx", one_conv([2, 3, 8, 8], oc=5))), "outputs differ")

    def test_nan(self):
        nan = self.write("nan.onnx", one_conv(value=np.nan))
        self.compile(nan)
        result = convoy("verify", nan, self.out / "nan")
        self.assertEqual(result.returncode, 1)
        self.assertIn("NOT FINITE", result.stdout)

    def test_no_library(self):
        self.refuse(convoy("verify", self.model, self.out / "none", "--dim", "N=2"), "none.json")
        (self.out / "share" / "conv.json").write_text("{")
        self.refuse(self.verify(self.model, "--dim", "N=2"), "conv.json", "not a manifest")


class Bench(CommandTest):
    def test_json(self):
        self.compile(DIGITS, "--quiet")
        steps = json.loads((self.out / "share" / "digits.json").read_text())["boards"][0]["steps"]
        result = convoy("bench", self.out / "digits", "--seconds", "0.1", "--json")
        self.assertEqual(result.returncode, 0, result.stderr)
        found = json.loads(result.stdout)
        self.assertEqual(found["name"], "digits")
        self.assertGreater(found["median_us"], 0)
        self.assertLessEqual(found["min_us"], found["median_us"])
        self.assertEqual([step["name"] for step in found["steps"]], [step["name"] for step in steps])
        for step in found["steps"]:
            self.assertGreater(step["median_us"], 0)
            self.assertGreater(step["memory_us"], 0)
            self.assertEqual(step["reason"] == "", step["percent_of_roofline"] >= 60, step)

    def test_activation(self):
        self.compile("g16ic16ih16oc16kh3ph1+silu", "--name", "silu", "--quiet")
        for step in json.loads((self.out / "share" / "silu.json").read_text())["boards"][0]["steps"]:
            self.assertEqual(step["activation_us"] > 0, "silu" in step["kernel"], step)

    def test_table(self):
        self.compile(DIGITS, "--shared", "--quiet")
        result = convoy("bench", self.out / "digits", "--seconds", "0.1", "--threads", "2")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertRegex(result.stdout, r"\Adigits on \S+, 2 threads: min ")
        rows = re.findall(r"^ +\d+ .*%", result.stdout, re.MULTILINE)
        manifest = json.loads((self.out / "share" / "digits.json").read_text())
        self.assertEqual(len(rows), len(manifest["boards"][0]["steps"]))

    def test_no_library(self):
        self.expect_error(convoy("bench", self.out / "none"), "none.json", "expected DIR/NAME")


if __name__ == "__main__":
    unittest.main()
