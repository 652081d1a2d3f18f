"""Rows that line up: on the terminal, each printed as soon as it is measured, and in Markdown."""

from dataclasses import dataclass
from typing import Callable

from harness.engines import TITLES

GAP = "  "


@dataclass
class Column:
    """One column: the title of the block it belongs to, its own title, its width and its cell."""

    block: str
    title: str
    width: int
    cell: Callable


def number(value, digits, scale=1.0):
    """A number with so many digits behind the point, or a dash for None."""
    return "-" if value is None else f"{value * scale:.{digits}f}"


class TerminalTable:
    """The header and the rows for `columns`, after names under the title `first`."""

    def __init__(self, first, columns, names):
        self.first = first
        self.columns = columns
        self.name_width = max(map(len, [first, *names]))

    def header(self):
        """The blocks over their columns, the columns' titles, and a rule."""
        blocks, previous = [" " * self.name_width], None
        for column in self.columns:
            if column.block and column.block == previous:
                blocks[-1] = column.block.rjust(len(blocks[-1] + GAP) + column.width)
            else:
                blocks.append(column.block.rjust(column.width)[:column.width])
            previous = column.block
        titles = GAP.join([self.first.ljust(self.name_width)]
                          + [column.title.rjust(column.width) for column in self.columns])
        return f"{GAP.join(blocks).rstrip()}\n{titles}\n{'-' * len(titles)}"

    def row(self, row):
        """One row's line."""
        return GAP.join([row.name.ljust(self.name_width)]
                        + [column.cell(row).rjust(column.width) for column in self.columns])


def markdown_line(cells):
    """One line of a Markdown table."""
    return "| " + " | ".join(cells) + " |"


def markdown_table(first, columns, rows):
    """The lines of a Markdown table of all rows; a block stands before its first column's title."""
    titles, previous = [], ""
    for column in columns:
        starts = column.block and column.block != previous
        titles.append(f"{column.block} ({column.title})" if starts else column.title)
        previous = column.block
    lines = [markdown_line([first, *titles]), "|:--" + "|--:" * len(columns) + "|"]
    return lines + [markdown_line([f"`{row.name}`", *(column.cell(row) for column in columns)]) for row in rows]


def verdict(row, value):
    """A ratio with its x; without one, why there is none."""
    if row.status != "ok":
        return row.status.upper()
    return "ok" if value is None else f"{value:.2f}x"


def reasons(rows):
    """One line for every row that is not ok."""
    return [f"{row.name}: {row.status.upper()}: {row.reason}" for row in rows if row.status != "ok"]


def closing(report, counted):
    """The last lines in Markdown: whether rows are missing, and one for every row that is not ok."""
    lines = []
    if not report.complete:
        lines += ["", f"Interrupted after {len(report.rows)} of {report.options['rows']} {counted}."]
    wrong = reasons(report.rows)
    return lines + (["", *(f"- {line}" for line in wrong)] if wrong else [])


def conditions(report):
    """What was measured on what, in two sentences."""
    options, machine = report.options, report.machine
    threads = options["threads"]
    vectors = [flag for flag in machine["flags"] if flag in ("avx2", "avx512f", "asimd", "sve")]
    sentence = (f"{machine['cpu']} ({', '.join(vectors) or 'no vector flags known'}), {threads} pinned "
                f"{'thread' if threads == 1 else 'threads'}, batch {options['batch']}, fp32 everywhere.")
    if "gpu" in machine:
        sentence = (f"{machine['gpu']}, board {options['board']}, batch {options['batch']}, fp32 everywhere"
                    f"{', TF32 off' if machine['uuid'] else ''}.")
    versions = [f"{TITLES.get(name, name)} {version}" for name, version in report.versions.items()]
    return [
        sentence,
        f"{', '.join(versions)}; {report.date[:10]}.",
    ]
