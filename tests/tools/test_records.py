"""`convoy records`, and how `convoy compile` comes by its records."""

import json
import os
import re
import subprocess
import unittest

from convoy_command import CONVOY, CommandTest, convoy

LAYER = "ic16ih14oc16kh3ph1+bias+relu"


class Records(CommandTest):
    def setUp(self):
        super().setUp()
        self.database = self.folder / "data" / "records.sqlite"
        self.project = self.folder / "project"
        self.project.mkdir()
        environment = {"CONVOY_RECORDS_DB": str(self.database), "CONVOY_RECORDS": str(self.project)}
        before = dict(os.environ)
        self.addCleanup(lambda: (os.environ.clear(), os.environ.update(before)))
        os.environ.update(environment)

    def record(self, kernel="conv2d a", **changes):
        return {"kernel": kernel, "threads": 1, "board": "avx2", "cpu": "a CPU", "halide": self.halide(),
                "template": "reference", "version": 1, "parameters": {}, "time_us": 10.0, "default_us": 15.0, "predicted_us": 0,
                "measurements": 3, "at": 1760000000, **changes}

    def halide(self):
        if not hasattr(Records, "_halide"):
            self.compile(LAYER, "--board", "avx2", "--quiet", out=self.folder / "asked")
            Records._halide = self.manifest(self.folder / "asked")["halide"]
        return Records._halide

    def file(self, name, *records, folder=None):
        path = (folder or self.folder) / name
        path.write_text(json.dumps({"format": "convoy-records-1", "records": records}))
        return path

    def records(self, *arguments):
        result = convoy("records", *arguments)
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        return result.stdout

    def in_database(self, *arguments):
        return json.loads(self.records("show", "--json", *arguments))["records"]

    def manifest(self, out):
        return json.loads(next((out / "share").glob("*.json")).read_text())

    def taken(self, *arguments, board="avx2"):
        """The step of the layer's convolution, and what compiling warned of."""
        warned = self.compile(LAYER, "--board", board, "--quiet", *arguments).stderr
        steps = [step for step in self.manifest(self.out)["boards"][0]["steps"] if step["kernel"].startswith("conv2d")]
        self.assertEqual(len(steps), 1)
        return steps[0], warned

    # --- the command ---

    def test_import_and_show(self):
        file = self.file("a.json", self.record("conv2d a"), self.record("conv2d b", default_us=0, board="zen4"))
        self.assertEqual(self.records("import", file), "2 new, 0 replaced, 0 kept because the database's own is as good\n")
        header, a, b = self.records("show").splitlines()
        self.assertEqual(header.split(), "us gain threads board cpu date kernel schedule".split())
        self.assertEqual(re.split("  +", a.strip()),
                         ["10.0", "1.50x", "1", "avx2", "a CPU", "2025-10-09", "conv2d a", "reference"])
        self.assertEqual(re.split("  +", b.strip())[1:4], ["-", "1", "zen4"])
        self.assertEqual(header.index("kernel"), a.index("conv2d"))
        self.assertEqual(self.records("show", "--board", "zen4").count("\n"), 2)
        self.assertIn("conv2d a", self.records("show", "--kernel", "d a"))
        self.assertEqual(self.records("show", "--kernel", "d z").count("\n"), 1)
        self.assertEqual(self.in_database(), json.loads(file.read_text())["records"])
        self.assertEqual(self.records("show", file), self.records("show"))

    def test_what_compiling_ignores_is_shown(self):
        file = self.file("a.json", self.record(version=7), self.record("conv2d b", template="gone"))
        table = self.records("show", file)
        self.assertRegex(table, r"1 record of \S*a.json is ignored: template reference is version \d, the record is of version 7\n")
        self.assertRegex(table, r"1 record of \S*a.json is ignored: there is no template gone for board avx2\n")

    def test_import_keeps_the_better(self):
        self.records("import", self.file("a.json", *(self.record(f"conv2d {k}") for k in "abc")))
        second = self.file("b.json", self.record("conv2d a", time_us=9), self.record("conv2d b", time_us=11),
                           self.record("conv2d c"), self.record("conv2d c", cpu="another"))
        self.assertEqual(self.records("import", second),
                         "1 new, 1 replaced, 2 kept because the database's own is as good\n")
        self.assertEqual([(r["kernel"][-1], r["time_us"]) for r in self.in_database()],
                         [("a", 9), ("b", 10), ("c", 10), ("c", 10)])
        # The same again changes nothing.
        self.assertEqual(self.records("import", second),
                         "0 new, 0 replaced, 4 kept because the database's own is as good\n")

    def test_nothing_is_imported_when_a_file_is_damaged(self):
        good = self.file("good.json", self.record())
        text = good.read_text()
        for damaged in (text[:-20], text.replace("10.0", "-1"), text.replace("10.0", "NaN"), ""):
            bad = self.write("bad.json", damaged.encode())
            self.expect_error(convoy("records", "import", good, bad), bad)
            self.assertFalse(self.database.exists())
        self.expect_error(convoy("records", "import", good, self.folder / "absent.json"), "absent.json")

    def test_export_and_back(self):
        records = [self.record(f"conv2d {k}", time_us=k / 7) for k in range(1, 9)]
        self.records("import", self.file("a.json", *reversed(records), self.record(board="zen4")))
        out = self.folder / "out.json"
        self.assertEqual(self.records("export", "-o", out, "--board", "avx2"), "8 records written\n")
        self.assertEqual(json.loads(out.read_text())["records"], records)
        self.assertEqual(len(out.read_text().splitlines()), 10)
        other = self.folder / "other.sqlite"
        self.records("import", out, "--db", other)
        self.assertEqual(self.in_database("--db", other), records)
        again = self.folder / "again.json"
        self.records("export", "-o", again, "--db", other)
        self.assertEqual(again.read_bytes(), out.read_bytes())
        self.expect_error(convoy("records", "export", "-o", out, "--board", "none"), "no record of board 'none'")
        self.assertEqual(again.read_bytes(), out.read_bytes())
        self.expect_error(convoy("records", "export", "-o", self.folder), self.folder, "cannot be written")

    def test_merge(self):
        a = self.file("a.json", self.record("conv2d a"), self.record("conv2d b"))
        b = self.file("b.json", self.record("conv2d b", time_us=5), self.record("conv2d a", time_us=20),
                      self.record("conv2d c"))
        merged = self.folder / "merged.json"
        self.assertEqual(self.records("merge", a, b, "-o", merged), "3 records written, of 5\n")
        self.assertEqual([r["time_us"] for r in json.loads(merged.read_text())["records"]], [10, 5, 10])
        text = merged.read_bytes()
        self.records("merge", b, a, "-o", merged)
        self.assertEqual(merged.read_bytes(), text)
        self.assertFalse(self.database.exists())
        a.write_text("{")
        self.expect_error(convoy("records", "merge", a, b, "-o", merged), a, "not JSON")
        self.assertEqual(merged.read_bytes(), text)

    def test_mistakes(self):
        self.expect_error(convoy("records"), "subcommand")
        self.expect_error(convoy("records", "show"), self.database, "no such tuning database")
        self.assertFalse(self.database.parent.exists())
        self.expect_error(convoy("records", "show", "--db", self.folder), self.folder, "is a folder")
        text = self.write("text.sqlite", b"x" * 4000)
        for command in (["show"], ["export", "-o", self.out], ["import", self.file("a.json", self.record())]):
            self.expect_error(convoy("records", *command, "--db", text), text, "is no SQLite database")
        self.expect_error(convoy("records", "export"), "--output")
        self.expect_error(convoy("records", "merge", text, "-o", self.out), text, "not JSON")

    def test_importers_at_once(self):
        files = [self.file(f"{n}.json", *(self.record(f"conv2d {n} {i}") for i in range(50))) for n in range(6)]
        running = [subprocess.Popen([CONVOY, "records", "import", file], stdout=subprocess.DEVNULL) for file in files]
        self.assertEqual([process.wait(timeout=60) for process in running], [0] * 6)
        self.assertEqual(len(self.in_database()), 300)

    # --- compiling ---

    def test_compiling_takes_the_later(self):
        step, warned = self.taken()
        self.assertEqual((step["schedule_from"], warned), ("model", ""))
        self.assertNotIn("record", step)
        self.assertFalse(self.database.exists())

        def of_time(time_us, **changes):
            return self.record(step["kernel"], **{**step["schedule"], "time_us": time_us, **changes})

        self.file("avx2.json", of_time(1, version=99), folder=self.project)
        ignored, warned = self.taken()
        self.assertEqual(ignored, step)
        schedule = step["schedule"]
        self.assertEqual(warned, f"warning: 1 record of avx2.json is ignored: template {schedule['template']} is "
                                 f"version {schedule['version']}, the record is of version 99\n")

        parameters = {**schedule["parameters"], "of_another_version": 1}
        self.file("avx2.json", of_time(1, parameters=parameters), folder=self.project)
        ignored, warned = self.taken()
        self.assertEqual(ignored, step)
        self.assertRegex(warned, r"\Awarning: the record of conv2d .* \(project avx2.json\) is ignored: its schedule \w+ "
                                 r".*of_another_version=1.* is not legal for it\n\Z")

        # Faster than any prediction: layouts with another kernel would be chosen instead.
        mine = self.file("mine.json", of_time(0.03))
        for time_us, source, arguments in ((0.01, "project avx2.json", []), (0.02, "database records.sqlite", []),
                                           (0.03, "file mine.json", ["--records", mine])):
            if "project" in source:
                self.file("avx2.json", of_time(time_us), folder=self.project)
            elif "database" in source:
                self.records("import", self.file("imported.json", of_time(time_us)))
            found, warned = self.taken(*arguments)
            self.assertEqual(warned, "")
            self.assertEqual(found["schedule_from"], "record")
            self.assertEqual(found["record"],
                             {"source": source, "kernel": found["kernel"], "cpu": "a CPU", "threads": 1,
                              "time_us": time_us, "default_us": 15})
            self.assertAlmostEqual(found["expected_us"], time_us)
        for_four = self.file("four.json", of_time(0.04, threads=4))
        for arguments, threads in (([], 1), (["--threads", "4"], 4), (["--threads", "2"], 1)):
            found, warned = self.taken("--records", for_four, *arguments)
            self.assertEqual((found["record"]["threads"], warned), (threads, ""))
        faster = self.file("faster.json", of_time(0.001))
        self.assertEqual(self.taken("--records", mine, "--records", faster)[0]["record"]["time_us"], 0.001)
        self.assertEqual(self.taken("--records", faster, "--records", mine)[0]["record"]["time_us"], 0.03)

    def test_files_that_do_not_fit(self):
        other = self.file("other.json", self.record(board="zen4"))
        warned = self.taken("--records", other)[1]
        self.assertEqual(warned, f"warning: {other}: has records of zen4, expected some of avx2\n")
        bad = self.write("bad.json", b'{"format"')
        for file, word in ((bad, "not JSON"), (self.folder / "absent.json", "cannot be read")):
            out = self.folder / "nothing"
            self.expect_error(convoy("compile", LAYER, "-o", out, "--records", file), file, word)
            self.assertFalse(out.exists())

    def test_a_damaged_database(self):
        self.database.parent.mkdir()
        self.database.write_bytes(b"x" * 4000)
        out = self.folder / "nothing"
        self.expect_error(convoy("compile", LAYER, "-o", out), self.database, "is no SQLite database")
        self.assertFalse(out.exists())


if __name__ == "__main__":
    unittest.main()
