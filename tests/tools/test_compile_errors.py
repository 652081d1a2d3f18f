"""What `convoy compile` says of bad input, and that it writes nothing then."""

import os
import resource
import signal
import subprocess
import unittest

from onnx import TensorProto, helper

from convoy_command import DIGITS, CommandTest, convoy, files_below, one_conv


class CompileErrors(CommandTest):
    def expect_refused(self, arguments, *words, **options):
        """The command fails, and leaves neither output nor anything else."""
        before = files_below(self.folder)
        self.expect_error(convoy("compile", *arguments, **options), *words)
        self.assertEqual(files_below(self.folder), before)

    def refuse_model(self, name, content, *words):
        path = self.write(name, content)
        self.expect_refused([path, "-o", self.out], name, *words)

    def test_files_that_are_no_models(self):
        digits = DIGITS.read_bytes()
        self.refuse_model("empty.onnx", b"", "empty", "expected an ONNX model")
        self.refuse_model("text.onnx", b"hello, world\n" * 20, "not an ONNX model")
        self.refuse_model("noise.onnx", bytes(range(256)) * 9, "not an ONNX model")
        for length in (1, 100, len(digits) // 2, len(digits) - 1):
            self.refuse_model(f"truncated_{length}.onnx", digits[:length])

    def test_no_file(self):
        self.expect_refused([self.folder / "none.onnx", "-o", self.out], "none.onnx", "no such file")
        self.expect_refused([self.folder, "-o", self.out], self.folder, "not a regular file")

    def test_unknown_operator(self):
        self.refuse_model("sinh.onnx", one_conv(op="Sinh", name="bent"), "'bent'", "Sinh", "Conv, ")

    def test_dims(self):
        named = self.write("named.onnx", one_conv(["N", 3, 8, 8]))
        self.expect_refused([named, "-o", self.out], "named.onnx", "'x'", "N")
        for text in ("N", "N=", "=1", "N=0", "N=-1", "N=1.5", "N=x", "N=99999999999999999999"):
            self.expect_refused([named, "-o", self.out, "--dim", text], f"'{text}'", "as N=1")
        self.expect_refused([named, "-o", self.out, "--dim", "N=1", "--dim", "M=1"], "'M'", "expected one of: N")

    def test_too_many_dims(self):
        dims = [1] * 9
        graph = helper.make_graph(
            [helper.make_node("Relu", ["x"], ["y"])], "g",
            [helper.make_tensor_value_info("x", TensorProto.FLOAT, dims)],
            [helper.make_tensor_value_info("y", TensorProto.FLOAT, dims)])
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
        self.refuse_model("deep.onnx", model, "'x'", "9 dims", "at most 8")

    def test_too_large_a_network(self):
        large = self.write("large.onnx", one_conv(["N", 3, 8, 8]))
        self.expect_refused([large, "-o", self.out, "--dim", f"N={2**40}"], "large.onnx")

    def test_boards(self):
        self.expect_refused([DIGITS, "-o", self.out, "--board", "toaster"], "'toaster'", "expected", "avx2")
        self.expect_refused([DIGITS, "-o", self.out, "--board", "avx2,toaster"], "'toaster'")
        boards = self.folder / "boards"
        boards.mkdir()
        (boards / "avx2.json").write_text('{"name": "avx2"')
        environment = {**os.environ, "CONVOY_BOARDS": str(boards)}
        self.expect_refused([DIGITS, "-o", self.out, "--board", "avx2"], "avx2.json", env=environment)

    def test_names(self):
        for name in ("a b", "a-b", "9", "a/b", "../x", "class", "std", "convoy"):
            self.expect_refused([DIGITS, "-o", self.out, "--name", name], f"'{name}'", "expected one as")

    def test_usage(self):
        self.expect_refused([], "model is required")
        self.expect_refused([DIGITS], "--output is required")
        self.expect_refused([DIGITS, "-o", self.out, "--fast"], "--fast")
        self.expect_refused([DIGITS, "-o", self.out, "--jobs", "0"], "--jobs", "1 to 256")
        self.expect_refused([DIGITS, "-o", self.out, "--jobs", "two"], "two")
        self.expect_refused([DIGITS, "-o", self.out, "--schedule-timeout", "0"], "--schedule-timeout")
        self.expect_refused([DIGITS, "-o", ""], "no folder to write to")

    def test_folders_that_cannot_be_written(self):
        file = self.write("file", b"x")
        self.expect_refused([DIGITS, "-o", file], file, "folder")
        self.expect_refused([DIGITS, "-o", file / "below"], file / "below", "folder")
        self.expect_refused([DIGITS, "-o", "/proc/none"], "/proc/none")

    def test_folder_where_a_file_should_go(self):
        (self.out / "include" / "digits.h").mkdir(parents=True)
        self.expect_refused([DIGITS, "-o", self.out], "digits.h", "directory")

    def test_tools(self):
        for variable, program, words in (
                ("CONVOY_CLANG", "/bin/false", ["false failed"]),
                ("CONVOY_LLVM_AR", "/bin/false", ["false failed"]),
                ("CONVOY_LLVM_OBJCOPY", "/none/objcopy", ["/none/objcopy"])):
            with self.subTest(variable):
                self.expect_refused([DIGITS, "-o", self.out], *words, env={**os.environ, variable: program})
        self.expect_refused([DIGITS, "-o", self.out], "'clang'", "CONVOY_CLANG", env={**os.environ, "PATH": "/none"})

    def test_earlier_library_stays(self):
        self.compile(DIGITS, "--quiet")
        self.assertIn(self.out / "lib" / "libdigits.a", self.out.rglob("*"))
        self.expect_refused([DIGITS, "-o", self.out], "false", env={**os.environ, "CONVOY_LLVM_AR": "/bin/false"})

    def test_no_room_for_a_file(self):
        """A limit of the size of files stands in for a full disk."""
        def limit(size):
            def apply():
                signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
                resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
            return apply

        for kilobytes in (0, 1, 8, 60):
            with self.subTest(kilobytes=kilobytes):
                self.expect_refused([DIGITS, "-o", self.out], preexec_fn=limit(kilobytes << 10))

    @unittest.skipUnless(os.geteuid() == 0, "mounting needs root")
    def test_full_disk(self):
        """Disks of several sizes, each too small; with enough room the same commands succeed."""
        for kilobytes in (4, 16, 64, 128, 200):
            disk = self.folder / f"disk_{kilobytes}"
            disk.mkdir()
            if subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={kilobytes}k", "tmpfs", disk],
                              capture_output=True).returncode != 0:
                self.skipTest("mounting is not allowed here")
            try:
                with self.subTest(kilobytes=kilobytes):
                    self.expect_refused([DIGITS, "-o", disk / "out"])
            finally:
                subprocess.run(["umount", disk], check=True)
        self.compile(DIGITS, "--quiet")


if __name__ == "__main__":
    unittest.main()
