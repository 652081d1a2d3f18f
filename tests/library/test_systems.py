"""One package for boards of two systems: a library each, one header, one manifest."""

import json
import re
import shutil
import subprocess
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tools"))

from convoy_command import DIGITS, CommandTest, convoy, files_below

NM = shutil.which("llvm-nm") or shutil.which("nm")
READ_OBJECT = shutil.which("llvm-readelf") or shutil.which("readelf")
MACHINES = {"x86_64-linux": "X86-64", "aarch64-linux": "AArch64"}
LAYER = "ic3ih8oc20kh3ph1+bias"


class Package(CommandTest):
    def files(self):
        return {str(path.relative_to(self.out)) for path in self.out.rglob("*") if path.is_file()}

    def manifest(self, name="digits"):
        return json.loads((self.out / "share" / f"{name}.json").read_text())

    def machines(self, file):
        headers = subprocess.run([READ_OBJECT, "-h", self.out / file], capture_output=True, text=True, check=True).stdout
        return set(re.findall(r"Machine: .*?(X86-64|AArch64)\b", headers))

    def test_files(self):
        for arguments, suffix in (([], "a"), (["--shared"], "so")):
            with self.subTest(suffix):
                # The libraries of one do not change the other.
                shutil.rmtree(self.out, ignore_errors=True)
                printed = self.compile(DIGITS, "--board", "avx2,cortex-a72,avx512", *arguments).stdout
                self.assertEqual(self.files(), {
                    f"lib/x86_64-linux/libdigits.{suffix}", f"lib/aarch64-linux/libdigits.{suffix}",
                    "include/digits.h", "share/digits.json", "share/x86_64-linux/digits_driver.c",
                    "share/aarch64-linux/digits_driver.c", "lib/cmake/digits/digits-config.cmake"})
                for library in self.manifest()["libraries"]:
                    self.assertEqual(library["file"], f"lib/{library['system']}/libdigits.{suffix}")
                    self.assertEqual(self.machines(library["file"]), {MACHINES[library["system"]]})
                    self.assertIn(str(self.out / library["file"]), printed)
                self.assertEqual([(board["board"], board["system"]) for board in self.manifest()["boards"]], [
                    ("avx512", "x86_64-linux"), ("avx2", "x86_64-linux"), ("cortex-a72", "aarch64-linux")])

    def test_each_library_is_as_if_compiled_alone(self):
        self.compile(DIGITS, "--board", "avx2,cortex-a72", "--quiet")
        for system, board in (("x86_64-linux", "avx2"), ("aarch64-linux", "cortex-a72")):
            alone = self.folder / system
            self.compile(DIGITS, "--board", board, "--quiet", out=alone)
            for own, file in ((f"lib/{system}", "lib/libdigits.a"), (f"share/{system}", "share/digits_driver.c")):
                self.assertEqual((self.out / own / Path(file).name).read_bytes(), (alone / file).read_bytes(), file)
            self.assertEqual((self.out / "include/digits.h").read_bytes(), (alone / "include/digits.h").read_bytes())

    def test_packed_weights_have_room_on_every_board(self):
        def packed_bytes(boards):
            self.compile(LAYER, "--board", boards, "--name", "layer", "--quiet")
            return int(re.search(r"PACKED_BYTES = (\d+)", (self.out / "include/layer.h").read_text())[1])
        one, other = packed_bytes("avx512"), packed_bytes("cortex-a72")
        self.assertNotEqual(one, other, "a layer that tells the boards apart is needed here")
        self.assertEqual(packed_bytes("cortex-a72,avx512"), max(one, other))
        self.assertEqual(self.manifest("layer")["pack"]["packed_bytes"], max(one, other))
        for system in MACHINES:  # what input_shape says
            driver = (self.out / "share" / system / "layer_driver.c").read_text()
            self.assertIn(f"{{1, {{{max(one, other) // 4}}}}}", driver)

    def test_commands_take_the_library_of_this_machine(self):
        for arguments in ([], ["--shared"]):
            self.compile(DIGITS, "--board", "cortex-a72,avx2", "--quiet", *arguments)
            verified = convoy("verify", DIGITS, self.out / "digits")
            self.assertEqual(verified.returncode, 0, verified.stderr)
            bench = convoy("bench", self.out / "digits", "--seconds", "0.05", "--json")
            self.assertEqual(json.loads(bench.stdout)["board"], "avx2", bench.stderr)

    def test_one_system_of_several(self):
        for system, boards in (("x86_64-linux", ["avx512", "avx2"]), ("aarch64-linux", ["cortex-a72"])):
            self.compile(DIGITS, "--board", "avx2,cortex-a72,avx512", "--system", system, "--quiet")
            self.assertEqual([board["board"] for board in self.manifest()["boards"]], boards)
            self.assertEqual(self.machines("lib/libdigits.a"), {MACHINES[system]})
        result = convoy("compile", DIGITS, "-o", self.out, "--board", "avx2", "--system", "riscv64-linux")
        self.expect_error(result, "board avx2 is for x86_64-linux", "expected one for riscv64-linux")

    def test_nothing_of_another_compilation_stays(self):
        alone = self.folder / "alone"
        self.compile(DIGITS, "--board", "avx2", "--quiet", out=alone)
        self.compile(DIGITS, "--board", "avx2,cortex-a72", "--quiet")
        several = self.files()
        (self.out / "lib" / "x86_64-linux" / "libother.a").touch()
        self.compile(DIGITS, "--board", "avx2", "--quiet")
        self.assertEqual(self.files(), {str(path) for path, content in files_below(alone).items() if content is not None}
                         | {"lib/x86_64-linux/libother.a"})
        (self.out / "lib" / "x86_64-linux" / "libother.a").unlink()
        self.compile(DIGITS, "--board", "avx2,cortex-a72", "--quiet")
        self.assertEqual(self.files(), several)

    def test_every_board(self):
        """All in one package: what each library is made of, and that the best board of this machine runs."""
        listed = [line.split() for line in convoy("boards").stdout.splitlines()[1:]]
        boards = [words[0] for words in listed if words[0] != "host"]
        self.assertLessEqual({"avx2", "zen3", "avx512", "sapphirerapids", "zen4", "cortex-a53", "cortex-a72",
                              "cortex-a76", "neoverse-n1", "neoverse-v2", "cuda-sm80", "cuda-sm90", "opencl"}, set(boards))
        self.compile(DIGITS, "--board", ",".join(boards), "--quiet")
        manifest = self.manifest()
        self.assertEqual({board["board"] for board in manifest["boards"]}, set(boards))
        for library in manifest["libraries"]:
            self.assertEqual(self.machines(library["file"]), {MACHINES[library["system"]]})
            listing = subprocess.run([NM, "--format=posix", "--defined-only", self.out / library["file"]],
                                     capture_output=True, text=True, check=True).stdout
            defined = {line.split()[0] for line in listing.splitlines() if len(line.split()) > 1}
            for board in manifest["boards"]:
                kernel = f"digits_{board['board'].replace('-', '_')}_k0"
                self.assertEqual(kernel in defined, board["system"] == library["system"], kernel)
        verified = convoy("verify", DIGITS, self.out / "digits")
        self.assertEqual(verified.returncode, 0, verified.stderr)

    def test_two_boards_of_one_name(self):
        boards = Path(__file__).resolve().parents[2] / "targets" / "boards"
        for name in ("my-board", "my_board"):
            self.write(f"{name}.json", (boards / "avx2.json").read_bytes().replace(b'"name": "avx2"',
                                                                                 f'"name": "{name}"'.encode()))
        pair = [str(self.folder / f"{name}.json") for name in ("my-board", "my_board")]
        self.expect_error(convoy("compile", DIGITS, "-o", self.out, "--board", ",".join(pair)), *pair, "one name")


if __name__ == "__main__":
    unittest.main()
