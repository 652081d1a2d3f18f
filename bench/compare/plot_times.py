"""The PNG of networks without variants: a line a network, a dot an engine."""

from harness.engines import COLOURS, SUBJECT, TITLES
from harness.table import conditions

INCHES_A_NETWORK = 0.38


def write_times(report, path):
    """Draws the measured networks, the one with the most MACs on top; False where there are none."""
    from matplotlib.figure import Figure
    rows = sorted((row for row in report.rows if row.status == "ok"), key=lambda row: row.macs or 0)
    if not rows:
        return False
    figure = Figure(figsize=(9, 2.2 + INCHES_A_NETWORK * len(rows)), layout="constrained")
    axes = figure.subplots()
    for y, row in enumerate(rows):
        times = [row.time(engine) for engine in report.engines if row.time(engine)]
        axes.plot([min(times), max(times)], [y, y], color="#d0d0d0", linewidth=1.5, zorder=1)
        if row.ratio():
            axes.annotate(f"{row.ratio():.2f}x", (max(times), y), xytext=(9, 0), textcoords="offset points",
                          va="center", fontsize=9)
    for engine in report.engines:
        points = [(row.time(engine), y) for y, row in enumerate(rows) if row.time(engine)]
        if points:
            axes.plot(*zip(*points), "o", color=COLOURS[engine], markersize=7, label=TITLES[engine],
                      zorder=3 if engine == SUBJECT else 2)
    axes.set_yticks(range(len(rows)), [row.name for row in rows])
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter("{x:g}")
    axes.xaxis.set_minor_formatter("{x:g}")
    axes.tick_params(axis="x", which="both", labelsize=8)
    axes.margins(x=0.08)
    axes.grid(axis="x", which="both", color="#e8e8e8", linewidth=0.8)
    axes.set_axisbelow(True)
    axes.set_xlabel("median time (ms); beside it the best peer's over Convoy's")
    figure.legend(loc="outside lower center", ncols=len(report.engines), frameon=False)
    figure.suptitle("Time of whole networks\n" + conditions(report)[0], fontsize=11)
    figure.savefig(path, dpi=140)
    return True
