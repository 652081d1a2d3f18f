"""The columns of the profile, and the lines below them."""

from harness.engines import SUBJECT, TITLES
from harness.stats import geomean
from harness.table import Column, number
from profiles.bars import bar_lines
from profiles.steps import FAR_TITLE

SHORT = {"onnxruntime": "ORT"}


def columns(engines):
    """The summary's columns after the network's name."""
    return [
        Column("time", "ms", 8, lambda row: number(row.run_us, 2, 1e-3)),
        Column("convolutions", "% of roofline", 13, lambda row: number(row.roofline(), 0)),
        Column("outside", "%", 7, lambda row: number(row.outside(), 1)),
        Column(FAR_TITLE, "layers", 9, lambda row: number(row.layers("below"), 0)),
        Column(FAR_TITLE, "no reason", 9, lambda row: number(row.layers("unexplained"), 0)),
        Column("library", "MB", 7, lambda row: number(row.library_bytes, 2, 1e-6)),
        Column("library", "code", 5, lambda row: number(row.code_bytes(), 2, 1e-6)),
        Column("packed", "/ weights", 9, lambda row: number(row.packing(), 2)),
        Column("load", "ms", 6, lambda row: number(row.of("load_ms"), 1)),
        Column("load", "weights", 7, lambda row: number(row.of("touch_ms"), 1)),
        *(Column("memory", title(name) if name != SUBJECT else "MB", max(6, len(title(name))),
                 lambda row, name=name: number(row.of("memory_bytes", name), 1, 1e-6)) for name in engines),
        Column("", "state", 6, lambda row: "ok" if row.status == "ok" else row.status.upper()),
    ]


def title(engine):
    """An engine's title, short."""
    return SHORT.get(engine, TITLES[engine])


def start_columns(engines):
    """The columns about what the engines take to a first result."""
    return [Column("", TITLES[name], 12, lambda row, name=name: number(row.of("load_ms", name), 1)) for name in engines]


def means(report, key):
    """{peer: geometric mean of its value over Convoy's}."""
    found = {}
    for name in report.engines:
        pairs = [(row.of(key), row.of(key, name)) for row in report.rows if name != SUBJECT]
        ratios = [theirs / mine for mine, theirs in pairs if mine and theirs and min(mine, theirs) > 0]
        if ratios:
            found[name] = geomean(ratios)
    return found


def mean_lines(report):
    """What the peers take over what Convoy takes, in a sentence each about memory and loading."""
    lines = []
    for key, what in (("memory_bytes", "Memory"), ("load_ms", "Load to first result")):
        found = means(report, key)
        if found:
            told = ", ".join(f"{TITLES[name]} {value:.2f}x" for name, value in found.items())
            lines.append(f"{what} over Convoy's, geometric means: {told}.")
    return lines


def summary_lines(report):
    """The bars, and the peers."""
    return bar_lines(report.rows) + mean_lines(report)
