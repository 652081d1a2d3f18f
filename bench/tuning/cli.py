"""The command and its options."""

from pathlib import Path

from harness import options as shared, session
from harness.errors import UserError
from tuning import found as finding, plot, report

DESCRIPTION = """\
What a run of `convoy tune` gained: a table, the geometric mean of what the default reaches of the tuned speed, and a
picture of the best so far against time and of what each kernel gained.
"""

EPILOG = """\
results, in PREFIX.md and PREFIX.png. exit code: 0, or 1 when an argument is wrong.

example:
  convoy tune resnet34.onnx --time 10m --json resnet34.json
  bench/tuning.py resnet34.json
"""


def run(arguments):
    """Parses and obeys; the exit code."""
    parser = shared.Parser(prog="tuning.py", description=DESCRIPTION, epilog=EPILOG)
    parser.add_argument("file", type=Path, metavar="JSON", help="what `convoy tune --json` wrote")
    parser.add_argument("--out", type=Path, metavar="PREFIX", help="where the results go (default: beside JSON)")
    options = parser.parse_args(arguments)
    found = finding.load(options.file)
    if not found.kernels:
        raise UserError(f"{options.file}: no kernel that was measured, expected some")
    out = options.out or options.file.with_suffix("")
    out.parent.mkdir(parents=True, exist_ok=True)
    page, picture = (Path(f"{out}{suffix}") for suffix in (".md", ".png"))
    page.write_text(report.markdown(found, picture.name))
    plot.write_png(found, picture)
    print("\n".join([*report.lines(found), "", report.conditions(found), *report.summary(found), "",
                     f"wrote {page}, {picture}"]))
    return 0


def main(arguments=None):
    """Runs the command; its exit code."""
    return session.command("tuning.py", run, arguments)
