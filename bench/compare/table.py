"""The columns of the comparison, and the lines below it."""

from compare.summary import groups
from harness.engines import SUBJECT, TITLES
from harness.table import Column, number, verdict


def columns(engines):
    """The columns of a comparison of `engines`, after the network's name."""
    made = [Column("", "MACs (M)", 9, lambda row: number(row.macs, 1, 1e-6))]
    for name in engines:
        title = TITLES.get(name, name)
        made.append(Column(title, "ms", 9, lambda row, name=name: number(row.time(name), 3)))
        made.append(Column(title, "min", 9, lambda row, name=name: number(row.time(name, "min_ms"), 3)))
    if SUBJECT not in engines:
        return made + [Column("", "state", 7, lambda row: verdict(row, None))]
    return made + [
        Column("", "vs best peer", 12, lambda row: verdict(row, row.ratio())),
        Column("", "compile s", 9, lambda row: number(row.compile_s, 1)),
        Column("", "library MB", 10, lambda row: number(row.library_bytes, 2, 1e-6)),
    ]


def group_lines(rows):
    """The groups of networks with their geometric mean and worst ratio, as lines that line up."""
    made = groups(rows)
    width = max((len(group.title) for group in made), default=0)
    return [f"{group.title.ljust(width)}  networks {group.count:3d}  geometric mean {group.mean:5.2f}x  "
            f"worst {group.worst:5.2f}x ({group.worst_name})" for group in made]
