"""The columns of the comparison, and the lines below it."""

from harness.engines import DIRECT, PEERS, SUBJECT, TITLES, UNTUNED
from harness.table import Column, number, verdict
from layers import bars, reasons


def columns(engines):
    """The columns of a comparison of `engines`, after the layer's descriptor."""
    made = [Column("", "MMAC", 7, lambda row: number(row.macs, 2, 1e-6)),
            Column("", "chain", 5, lambda row: str(row.layer.chain))]
    for name in engines:
        title = TITLES.get(name, name)
        made.append(Column(title, "us", 12, lambda row, name=name: number(row.us(name), 1)))
    if SUBJECT not in engines:
        return made + [Column("", "state", 7, lambda row: verdict(row, None))]
    made += [
        Column("", "best peer", 12, lambda row: TITLES.get(row.best_peer(), "-")),
        Column("", "ratio", 7, lambda row: verdict(row, row.ratio())),
        Column("", "of minima", 9, lambda row: verdict(row, row.ratio(key="min_ms"))),
    ]
    if DIRECT in engines:
        made.append(Column("", "direct", 7, lambda row: number(row.ratio(DIRECT, PEERS[DIRECT]), 2)))
    if UNTUNED in engines:
        made.append(Column("", "gain", 6, lambda row: number(row.ratio(SUBJECT, (UNTUNED,)), 2)))
    return made + [
        Column("", "GFLOP/s", 7, lambda row: number(row.gflops(), 0)),
        Column("", "roof %", 6, lambda row: number(row.share(), 0, 100)),
    ]


def bar_cells(result):
    """(class, layers, expected, found, slowest layer, verdict) of one bar, as text."""
    bar = result.bar
    parts = [f"{bar.mean:.2f}x"] * bool(bar.mean) + [f"each {bar.worst:.2f}x"] * bool(bar.worst)
    missed = f"missed ({len(result.below)} below)" if result.below else "missed"
    return (bar.title, str(result.count), ", ".join(parts) or "-", f"{result.mean:.2f}x",
            f"{result.worst:.2f}x {result.worst_name}",
            "-" if not parts else "held" if result.held else missed)


BAR_TITLES = ("class", "layers", "expected", "mean", "slowest", "bar")


def bar_lines(rows, expected=bars.BARS):
    """The bars as lines that line up; nothing where Convoy was not measured."""
    cells = [bar_cells(result) for result in bars.results(rows, expected)]
    if not cells:
        return []
    widths = [max(map(len, column)) for column in zip(BAR_TITLES, *cells)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip()
            for line in (BAR_TITLES, *cells)]


def unexplained(rows, isa):
    """One line about the layers far below the roofline that have no reason yet; nothing without any."""
    known = reasons.read()
    names = [row.name for row in rows if reasons.of(row, isa, known) is None]
    if not names:
        return []
    return [f"{len(names)} layers under {100 * reasons.FAR:.0f} % of the roofline have no reason in {reasons.FILE.name}: "
            + ", ".join(names)]


def kept_to(report):
    """What the instruction set of this run means for the engines, as a sentence or ""."""
    if not report.options["openvino_isa"]:
        return ""
    return (f"Convoy's code and OpenVINO are held to {report.options['openvino_isa']}; ONNX Runtime and ncnn have no such "
            "switch and run the best code they have for this processor.")


SHOWN_SIZES = {"256 KiB": 1 << 18, "4 MiB": 1 << 22, "128 MiB": 1 << 27}


def roofline_line(report):
    """The measured peak and bandwidths, as a sentence."""
    roofline = report.options["roofline"]
    rates = ", ".join(f"{roofline['read'][str(size)]:.0f} GB/s at {title}" for title, size in SHOWN_SIZES.items())
    return f"Measured roofline of one core: {roofline['peak']:.0f} GFLOP/s; reading {rates}."
