"""The table on the terminal: rows of fixed widths, each printed as soon as its network is done."""

from dataclasses import dataclass
from typing import Callable

from compare.engines import SUBJECT, TITLES
from compare.summary import groups, ratio

NAME_WIDTH = 15
GAP = "  "


@dataclass
class Column:
    """One column: the title of the block it belongs to, its own title, its width and its cell."""

    block: str
    title: str
    width: int
    cell: Callable


def _number(value, digits, scale=1.0):
    return "-" if value is None else f"{value * scale:.{digits}f}"


def verdict(row):
    """Convoy against the best peer, or why there is no such number."""
    if row.status != "ok":
        return row.status.upper()
    value = ratio(row)
    return "ok" if value is None else f"{value:.2f}x"


def columns(engines):
    """The columns of a comparison of `engines`, after the network's name."""
    made = [Column("", "MACs (M)", 9, lambda row: _number(row.macs, 1, 1e-6))]
    for name in engines:
        title = TITLES.get(name, name)
        made.append(Column(title, "ms", 9, lambda row, name=name: _number(row.time(name), 3)))
        made.append(Column(title, "min", 9, lambda row, name=name: _number(row.time(name, "min_ms"), 3)))
    if SUBJECT not in engines:
        return made + [Column("", "state", 7, verdict)]
    return made + [
        Column("", "vs best peer", 12, verdict),
        Column("", "compile s", 9, lambda row: _number(row.compile_s, 1)),
        Column("", "library MB", 10, lambda row: _number(row.library_bytes, 2, 1e-6)),
    ]


class TerminalTable:
    """The header and the rows for `engines`, wide enough for `names`."""

    def __init__(self, engines, names):
        self.columns = columns(engines)
        self.name_width = max([NAME_WIDTH, *map(len, names)])

    def header(self):
        """The engines over their columns, the columns' titles, and a rule."""
        blocks, previous = [" " * self.name_width], None
        for column in self.columns:
            if column.block and column.block == previous:
                blocks[-1] = column.block.rjust(len(blocks[-1] + GAP) + column.width)
            else:
                blocks.append(column.block.rjust(column.width)[:column.width])
            previous = column.block
        titles = GAP.join(["network".ljust(self.name_width)]
                          + [column.title.rjust(column.width) for column in self.columns])
        return f"{GAP.join(blocks).rstrip()}\n{titles}\n{'-' * len(titles)}"

    def row(self, row):
        """One network's line."""
        return GAP.join([row.name.ljust(self.name_width)]
                        + [column.cell(row).rjust(column.width) for column in self.columns])


def reasons(rows):
    """One line for every network that is not ok."""
    return [f"{row.name}: {row.status.upper()}: {row.reason}" for row in rows if row.status != "ok"]


def group_lines(rows):
    """The groups of networks with their geometric mean and worst ratio, as lines that line up."""
    made = groups(rows)
    width = max((len(group.title) for group in made), default=0)
    return [f"{group.title.ljust(width)}  networks {group.count:3d}  geometric mean {group.mean:5.2f}x  "
            f"worst {group.worst:5.2f}x ({group.worst_name})" for group in made]


def conditions(report):
    """What was measured on what, in two sentences."""
    options, machine = report.options, report.machine
    threads = options["threads"]
    vectors = [flag for flag in machine["flags"] if flag in ("avx2", "avx512f", "asimd", "sve")]
    versions = [f"{TITLES.get(name, name)} {version}" for name, version in report.versions.items()]
    return [
        f"{machine['cpu']} ({', '.join(vectors) or 'no vector flags known'}), {threads} pinned "
        f"{'thread' if threads == 1 else 'threads'}, batch {options['batch']}, fp32 everywhere.",
        f"{', '.join(versions)}; {report.date[:10]}.",
    ]
