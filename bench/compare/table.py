"""The columns of the comparison, and the lines below it."""

from compare import beside
from compare.scaling import scalings
from compare.summary import groups
from harness.engines import ALL_PEERS, SUBJECT, TITLES
from harness.table import Column, number, verdict

FEW = 4  # engines whose minima have columns too


def _times(engines):
    """Medians and minima; medians alone where there are many engines."""
    made = []
    for name in engines:
        title = TITLES.get(name, name)
        width = 9 if len(engines) <= FEW else max(9, len(title))
        made.append(Column(title, "ms", width, lambda row, name=name: number(row.time(name), 3)))
        if len(engines) <= FEW:
            made.append(Column(title, "min", 9, lambda row, name=name: number(row.time(name, "min_ms"), 3)))
    return made


def columns(report):
    """The columns of a comparison, after the network's name."""
    engines = report.engines
    made = [Column("", "MACs (M)", 9, lambda row: number(row.macs, 1, 1e-6)), *_times(engines)]
    if SUBJECT not in engines:
        return made + [Column("", "state", 7, lambda row: verdict(row, None))]
    if len(engines) > FEW:
        made.append(Column("", "best peer", 12, lambda row: TITLES.get(row.best_peer(), "-")))
    return made + [
        Column("", "vs best peer", 12, lambda row: verdict(row, row.ratio())),
        Column("", "compile s", 9, lambda row: number(row.compile_s, 1)),
        Column("", "library MB", 10, lambda row: number(row.library_bytes, 2, 1e-6)),
        *beside.columns(report),
    ]


def aligned(lines):
    """Rows of cells as lines that line up."""
    widths = [max(map(len, column)) for column in zip(*lines)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip() for line in lines]


def _expected(group):
    """What is expected of a group, and whether that holds."""
    if not group.expected:
        return "-"
    mean, least = group.expected
    return f"{mean:g}x, each {least:g}x: {'held' if group.holds() else 'missed'}"


def group_table(report):
    """(titles, rows of cells) of the groups: their geometric mean and worst ratio, what is expected of both, and the means
    to each peer."""
    made = groups(report.rows)
    peers = [name for name in ALL_PEERS if name in report.engines]
    titles = ["Group", "Networks", "Geometric mean", "Worst", "Expected"]
    if len(peers) > 1:
        titles += [f"vs {TITLES[name]}" for name in peers]
    cells = []
    for group in made:
        told = [f"{group.peers[name]:.2f}x" if name in group.peers else "-" for name in peers]
        cells.append([group.title, str(group.count), f"{group.mean:.2f}x", f"{group.worst:.2f}x ({group.worst_name})",
                      _expected(group),
                      *(told if len(peers) > 1 else [])])
    return titles, cells


def scaling_table(report):
    """(titles, rows of cells): for each family the time that is the most above the expected one, of every engine."""
    made = scalings(report)
    engines = [name for name in report.engines if any(name in found for found in made.values())]
    cells = [[family, *(f"{found[name].worst:.2f} ({found[name].variant})" if name in found else "-" for name in engines)]
             for family, found in made.items()]
    return ["Measured / expected", *(TITLES.get(name, name) for name in engines)], cells


def group_lines(report):
    """The groups as lines that line up; nothing without any."""
    titles, cells = group_table(report)
    return aligned([titles, *cells]) if cells else []


def scaling_lines(report):
    """The scaling of the families as lines that line up; nothing without any."""
    titles, cells = scaling_table(report)
    return aligned([titles, *cells]) if cells else []
