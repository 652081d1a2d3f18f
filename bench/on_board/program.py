"""The program that is sent: all cases, their inputs and expected outputs in one static file."""

import shlex
import shutil
import subprocess
from pathlib import Path

from harness.errors import UserError

SOURCE = Path(__file__).with_name("program.c")
COMPILERS = {"x86_64-linux": "cc", "aarch64-linux": "aarch64-linux-gnu-gcc"}

STRUCT = """\
struct bench_case {
    const char *name;
    int outputs;
    const float *const *inputs, *const *expected;
    const size_t *output_floats;
    size_t (*arena_bytes)(void);
    int (*run)(const float *const *, float *const *, void *, int);
    const char *(*board)(void), *(*error_text)(int);
};
"""


def quoted(text):
    """A C string, of what JSON can hold as it is."""
    return '"' + "".join(letter if 32 <= ord(letter) < 127 and letter not in '"\\' else "_" for letter in text) + '"'


def data(symbol, file):
    """C for the floats of a file."""
    path = str(file).replace("\\", "\\\\").replace('"', '\\"')
    lines = (".pushsection .rodata", ".balign 64", f"{symbol}:", f'.incbin "{path}"', ".popsection")
    text = "".join(line.replace("\\", "\\\\").replace('"', '\\"') + "\\n" for line in lines)
    return f'__asm__("{text}");\nextern const float {symbol}[];\n'


def cases_header(cases, folder):
    """The text of cases.h; arrays are written to `folder`."""
    text = "#include <stddef.h>\n\n" + STRUCT
    rows = []
    for case in cases:
        text += f"\n#include <{case.symbol}.h>\n"
        tables = {}
        for kind, arrays in (("inputs", case.inputs), ("expected", case.expected)):
            names = []
            for number, array in enumerate(arrays):
                names.append(f"{case.symbol}_{kind}_{number}")
                array.tofile(folder / f"{names[-1]}.bin")
                text += data(names[-1], folder / f"{names[-1]}.bin")
            tables[kind] = f"{case.symbol}_{kind}"
            text += f"static const float *const {tables[kind]}[] = {{{', '.join(names)}}};\n"
        floats = ", ".join(str(array.size) for array in case.expected)
        text += f"static const size_t {case.symbol}_floats[] = {{{floats}}};\n"
        functions = ", ".join(f"{case.symbol}_{name}" for name in ("arena_bytes", "run", "board", "error_text"))
        rows.append(f"    {{{quoted(case.name)}, {len(case.expected)}, {tables['inputs']}, {tables['expected']}, "
                    f"{case.symbol}_floats, {functions}}},\n")
    most = max(len(case.expected) for case in cases)
    return f"{text}\nenum {{ MAX_OUTPUTS = {most} }};\nstatic const struct bench_case cases[] = {{\n{''.join(rows)}}};\n"


def compile_program(system, arguments, file, options):
    """Compiles a static program for a system."""
    compiler = shlex.split(options.compiler or COMPILERS[system])
    if not shutil.which(compiler[0]):
        raise UserError(f"{compiler[0]}: no such program, expected a C compiler for {system}: "
                        "install one, or name it with --compiler")
    answer = subprocess.run([*compiler, "-static", *arguments, "-o", file], capture_output=True, text=True,
                            errors="replace")
    if answer.returncode:
        complaints = [line for line in answer.stderr.splitlines() if "error" in line or "cannot" in line]
        raise UserError(f"{compiler[0]} cannot link the program: {(complaints or ['no message'])[0].strip()}")


def link(cases, options):
    """The program's file."""
    folder = options.work / "program"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / "cases.h").write_text(cases_header(cases, folder))
    library = cases[0].manifest["libraries"][0]
    compile_program(library["system"],
                    ["-O2", "-Wall", SOURCE, f"-I{folder}", *(f"-I{case.folder}/include" for case in cases),
                     *(case.folder / case.manifest["libraries"][0]["file"] for case in cases), "-pthread", "-lm"],
                    folder / "bench", options)
    return folder / "bench"
