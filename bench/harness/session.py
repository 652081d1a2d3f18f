"""One run of a command: the loop over its rows, the live table, and the files it leaves."""

import contextlib
import datetime
import os
import shutil
import sys
from pathlib import Path

from harness import machine, results
from harness.build import INTERRUPTED, check_compiler
from harness.engines import SUBJECT, peer_candidates
from harness.errors import ModelError, UserError
from harness.progress import Progress
from harness.table import TerminalTable, conditions, reasons

ABSENT = "not installed"


class Session:
    """What a command adds: its rows' kind and format, columns, the lines below them, Markdown and picture."""

    row_kind = results.Row
    format_name = ""
    first_column = ""
    counted = "rows"

    def columns(self, report):
        """The table's columns after the name."""
        raise NotImplementedError

    def ending(self, report):
        """The lines between the conditions and the failures."""
        raise NotImplementedError

    def markdown(self, report, picture):
        """The text of PREFIX.md; `picture` is the file name of PREFIX.png, beside it."""
        raise NotImplementedError

    def write_png(self, report, path):
        """Draws PREFIX.png; False where there is nothing to draw."""
        raise NotImplementedError

    def pictures(self):
        """{what follows PREFIX: what draws it, as `write_png` does}; the first is PREFIX.png."""
        return {".png": self.write_png}

    def write_files(self, report, prefix):
        """Writes PREFIX.json, .md and the pictures; the paths that were written."""
        prefix.parent.mkdir(parents=True, exist_ok=True)
        paths = [Path(f"{prefix}{suffix}") for suffix in (".json", ".md")]
        results.save(report, paths[0], self.format_name)
        paths[1].write_text(self.markdown(report, f"{prefix.name}.png"))
        for suffix, draw in self.pictures().items():
            path = Path(f"{prefix}{suffix}")
            if draw(report, path):
                paths.append(path)
            else:
                path.unlink(missing_ok=True)
        return paths

    def measure(self, report, names, measure_row, prefix):
        """Adds `measure_row(name, progress)` of every name to the report; the exit code.

        Each row is printed as soon as it is there, and the files are written anew. Ctrl-C keeps what is done.
        """
        table = TerminalTable(self.first_column, self.columns(report), names)
        progress = Progress(len(names))
        paths, interrupted = [], False
        try:
            progress.print(table.header())
            for name in names:
                progress.start(name)
                row = measure_row(name, progress.stage)
                report.rows.append(row)
                report.complete = len(report.rows) == len(names)
                progress.finish(table.row(row))
                paths = self.write_files(report, prefix)
        except KeyboardInterrupt:
            interrupted = True
        finally:
            progress.close()
        if report.rows:
            print(self._below(report, paths))
        if interrupted:
            print(f"interrupted after {len(report.rows)} of {len(names)} {self.counted}", file=sys.stderr)
            return INTERRUPTED
        return 1 if reasons(report.rows) else 0

    def render(self, source, prefix, amend=None):
        """Shows an earlier run again, after `amend(report)` where there is one, and rewrites its files; the exit code."""
        report = results.load(source, self.format_name, self.row_kind)
        if amend:
            amend(report)
        table = TerminalTable(self.first_column, self.columns(report), [row.name for row in report.rows])
        print("\n".join([table.header(), *map(table.row, report.rows)]))
        print(self._below(report, self.write_files(report, prefix)))
        return 0

    def _below(self, report, paths):
        lines = ["", *conditions(report)]
        for block in (self.ending(report), reasons(report.rows), ["wrote " + ", ".join(map(str, paths))]):
            lines += ["", *block] if block else []
        return "\n".join(lines)


def find_versions(engines, convoy, candidates=peer_candidates, dispensable=()):
    """{engine: version}; an error for the first engine that is not installed, unless it is `dispensable`, and ABSENT then."""
    versions = {}
    for name in engines:
        if name.startswith(SUBJECT):
            versions[name] = check_compiler(convoy)
            continue
        setting = candidates(name)[0]
        package = setting.missing()
        if package is None:
            versions[name] = setting.version()
        elif name in dispensable:
            versions[name] = ABSENT
        else:
            raise UserError(f"--engines: no Python package {package}, expected those of requirements-bench.txt")
    return versions


@contextlib.contextmanager
def failures_into(row, libraries, keep):
    """What fails within becomes the row's reason; the folder of its libraries goes, unless it is to be kept."""
    try:
        yield
    except ModelError as error:
        row.status, row.reason = "failed", str(error)
    finally:
        if not keep:
            shutil.rmtree(libraries, ignore_errors=True)


def new_report(options, cpus, count, versions=None, device=None, **more):
    """An empty report with the conditions of this run; `more` joins its options, `device` describes a GPU."""
    return results.Report(
        date=datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
        machine=machine.describe() | (device or {}),
        versions=versions or find_versions(options.engines, options.convoy),
        options={"threads": options.threads, "cpus": cpus, "batch": options.batch, "seconds": options.seconds,
                 "board": options.board, "rows": count, **more},
        engines=list(options.engines),
    )


def processors(options):
    """The processors to pin to: those of --cpus, or the first cores."""
    allowed = os.sched_getaffinity(0)
    if options.cpus:
        return machine.parse_cpus(options.cpus, options.threads, allowed)
    return machine.choose_cpus(options.threads, allowed)


def command(program, run, arguments):
    """`run(arguments)`; an error is one line on stderr and exit code 1."""
    try:
        return run(arguments)
    except UserError as error:
        print(f"{program}: {error}", file=sys.stderr)
    except OSError as error:
        print(f"{program}: {error.filename}: {error.strerror}, expected a file that can be used", file=sys.stderr)
    except KeyboardInterrupt:
        return INTERRUPTED
    return 1
