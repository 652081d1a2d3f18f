"""Every convention of this repository that a script can see: python tests/style/check.py [--fix]

Prints one line for each breach, as file:line: what was found, expected what; exit code 1 if there is any. --fix
formats the C and C++ files first.
"""

import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

CPP = {".c", ".cpp", ".h", ".hpp"}
CODE = CPP | {".py", ".sh", ".cmake"}
MAX_LINES = 500
CLANG_FORMAT = "14.0.6"  # of requirements-test.txt: other versions format differently

# What decides how a kernel is computed. Bounds and strides (set_bounds, set_stride) are part of its signature.
SCHEDULING = re.compile(
    r"\.\s*(align_storage|async|atomic|bound_storage|clone_in|compute_at|compute_inline|compute_root|compute_with"
    r"|fold_storage|fuse|gpu_\w+|hoist_storage|memoize|parallel|prefetch|reorder|reorder_storage|rfactor|serial"
    r"|specialize|split|store_at|store_in|store_root|tile|unroll|vectorize)\s*\(")

# The rooms a room may include from; each also from itself.
MAY_INCLUDE = {
    "generators": {"runtime_glue"},  # the packing of weights, which libraries do too
    "targets": set(),
    "schedules": {"generators", "targets"},
    "compiler": {"generators", "schedules", "targets"},
    "tools": {"compiler", "schedules", "targets"},
    "runtime_glue": set(),
}
INCLUDE = re.compile(r'#\s*include\s+"([a-z_]+)/')

# Paths of somebody's machine, and where packages come from on it.
PRIVATE = re.compile(r"(?<![\w.)}~$-])/(home|root|Users|work|workspace|scratch|mnt|tmp/\w+)/\w"
                     r"|--(extra-)?index-url|--find-links|--trusted-host")

LINK = re.compile(r"\]\(([^)\s#]+)(?:#[^)\s]*)?\)")
PATH_IN_CODE = re.compile(r"`((?:[\w.-]+/)+[\w.-]+)`")


def files():
    """What git tracks, relative to the root; without git everything but what is built."""
    command = ["git", "-C", str(ROOT), "ls-files", "-z", "--cached"]
    answer = subprocess.run(command, capture_output=True, text=True)
    if answer.returncode == 0 and answer.stdout:
        found = [Path(name) for name in answer.stdout.split("\0") if name]
    else:
        found = [path.relative_to(ROOT) for path in ROOT.rglob("*")]
        found = [path for path in found if not {"build", "out", ".venv", ".git", "__pycache__"} & set(path.parts)]
    return sorted(path for path in set(found) if (ROOT / path).is_file())


def text_files(paths):
    """(path, lines) of each file that holds UTF-8 text."""
    for path in paths:
        try:
            yield path, (ROOT / path).read_text(encoding="utf-8").splitlines()
        except UnicodeDecodeError:
            continue


def check_seam(path, lines):
    """Algorithms never name a schedule."""
    if path.parts[0] != "generators":
        return
    for number, line in enumerate(lines, 1):
        if found := SCHEDULING.search(line):
            yield number, f"{found[0].strip()}..) in generators/, expected scheduling calls in schedules/ only"


def check_includes(path, lines):
    """Rooms include downwards only."""
    room = path.parts[0]
    if room not in MAY_INCLUDE or path.suffix not in CPP:
        return
    for number, line in enumerate(lines, 1):
        found = INCLUDE.match(line)
        if found and found[1] in MAY_INCLUDE and found[1] != room and found[1] not in MAY_INCLUDE[room]:
            yield number, f"{room}/ includes {found[1]}/, expected one of {sorted(MAY_INCLUDE[room])}"


def check_length(path, lines):
    """No file does everything."""
    if path.suffix in CODE and len(lines) > MAX_LINES:
        yield MAX_LINES, f"{len(lines)} lines, expected at most {MAX_LINES}: split it"


def check_private(path, lines):
    """The repository speaks of itself alone."""
    if path == Path(__file__).resolve().relative_to(ROOT):
        return
    for number, line in enumerate(lines, 1):
        if found := PRIVATE.search(line):
            yield number, f"'{found[0]}', expected no path or package host of one machine"


def check_whitespace(path, lines):
    """Git warns of these in every diff."""
    if path.suffix not in CODE | {".md", ".txt", ".json", ".yaml"}:
        return
    for number, line in enumerate(lines, 1):
        if line != line.rstrip():
            yield number, "white space at the end of the line, expected none"
        if "\t" in line:
            yield number, "a tab, expected spaces"


def check_references(path, lines):
    """Links, and the files that Markdown names, are there."""
    if path.suffix != ".md":
        return
    rooms = {entry.name for entry in ROOT.iterdir() if entry.is_dir() and entry.name not in ("build", ".venv")}
    for number, line in enumerate(lines, 1):
        for target in LINK.findall(line):
            if "://" not in target and not (ROOT / path.parent / target).exists():
                yield number, f"a link to {target}, expected a file that exists"
        for name in PATH_IN_CODE.findall(line):
            if name.split("/")[0] in rooms and not (ROOT / name).exists():
                yield number, f"`{name}`, expected a file that exists"


def check_operator_table(path, lines):
    """docs/onnx.md lists the operators and attributes that the importer knows, no others."""
    if path != Path("docs/onnx.md"):
        return
    source = (ROOT / "compiler/onnx/operators.cpp").read_text()
    table = source[source.index("operators = {"):source.index("\n};")]
    known = {}
    for entry in re.findall(r'\{\s*"(\w+)",\s*import_\w+,[^{]*\{([^}]*)\}', table):
        known[entry[0]] = set(re.findall(r'"(\w+)"', entry[1]))
    stated = {}
    for number, line in enumerate(lines, 1):
        if row := re.match(r"\| `([A-Z]\w+)` \| ([^|]*)\|", line):
            stated[row[1]] = (number, set(re.findall(r"`(\w+)`", row[2])))
    for name, attributes in known.items():
        number, told = stated.get(name, (1, None))
        if told != attributes:
            yield number, f"attributes of {name} are {sorted(told or [])}, expected {sorted(attributes)}"
    for name in stated.keys() - known.keys():
        yield stated[name][0], f"{name}, which compiler/onnx/operators.cpp does not know"


def clang_format():
    """The formatter of the version that is agreed on, or None."""
    for program in (Path(sys.executable).parent / "clang-format", shutil.which("clang-format")):
        if program and Path(program).is_file():
            answer = subprocess.run([program, "--version"], capture_output=True, text=True)
            if CLANG_FORMAT in answer.stdout:
                return program
    return None


def check_format(paths, fix):
    """Breaches of .clang-format, the first of each file."""
    program = clang_format()
    if not program:
        yield f"clang-format: not found, expected version {CLANG_FORMAT}: pip install -r requirements-test.txt"
        return
    sources = [str(path) for path in paths if path.suffix in CPP]
    if fix:
        subprocess.run([program, "-i", *sources], cwd=ROOT, check=True)
    answer = subprocess.run([program, "--dry-run", *sources], cwd=ROOT, capture_output=True, text=True)
    seen = set()
    for name, number in re.findall(r"^(\S[^:\n]*):(\d+):\d+: warning", answer.stderr, re.MULTILINE):
        if name not in seen:
            yield f"{name}:{number}: not formatted, expected what tests/style/check.py --fix makes"
        seen.add(name)


CHECKS = (check_seam, check_includes, check_length, check_private, check_whitespace, check_references,
          check_operator_table)


def main():
    """Prints the breaches; the exit code."""
    paths = files()
    breaches = list(check_format(paths, "--fix" in sys.argv[1:]))
    for path, lines in text_files(paths):
        for check in CHECKS:
            breaches += [f"{path}:{number}: {what}" for number, what in check(path, lines)]
    print("\n".join(breaches) or f"{len(paths)} files, no breach")
    return 1 if breaches else 0


if __name__ == "__main__":
    sys.exit(main())
