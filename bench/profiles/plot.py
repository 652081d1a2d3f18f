"""The PNG: where the time of each network goes, a bar a network."""

from harness.table import conditions
from profiles.bars import OUTSIDE_PERCENT
from profiles.steps import DENSE, ELEMENTWISE, FUSED, GROUPED, KINDS, OTHER, POINTWISE, POOL, REORDER

COLOURS = {GROUPED: "#c1272d", FUSED: "#8c1d22", POINTWISE: "#1f6fb4", DENSE: "#12466f", REORDER: "#e8b84a",
           ELEMENTWISE: "#2e8b57", POOL: "#8a5fb0", OTHER: "#8c8c8c"}
INCHES_A_NETWORK = 0.24


def write_png(report, path):
    """Draws the networks that were measured, in the order of the run; False where there are none."""
    from matplotlib.figure import Figure
    rows = [row for row in report.rows if row.steps]
    if not rows:
        return False
    figure = Figure(figsize=(10, 2.4 + INCHES_A_NETWORK * len(rows)), layout="constrained")
    axes = figure.subplots()
    shares = [row.kinds() for row in rows]
    left = [0.0] * len(rows)
    for kind in KINDS:
        widths = [share.get(kind, 0.0) for share in shares]
        if any(widths):
            axes.barh(range(len(rows)), widths, left=left, height=0.78, color=COLOURS[kind], label=kind)
        left = [start + width for start, width in zip(left, widths)]
    for y, row in enumerate(rows):
        outside = row.outside()
        axes.annotate(f"{outside:.1f} %", (100, y), xytext=(5, 0), textcoords="offset points", va="center", fontsize=8,
                      fontweight="bold" if outside > OUTSIDE_PERCENT else "normal")
        axes.annotate(f"{row.run_us / 1e3:.2f} ms", (100, y), xytext=(48, 0), textcoords="offset points", va="center",
                      fontsize=8)
    axes.axvline(100 - OUTSIDE_PERCENT, color="black", linewidth=1, linestyle=":")
    axes.set_yticks(range(len(rows)), [row.name for row in rows], fontsize=8)
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.set_xlim(0, 100)
    axes.set_xlabel(f"share of a network's steps (%); beside it the share outside convolutions, at most {OUTSIDE_PERCENT} % "
                    "(dotted), and the time of a run")
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.tick_params(axis="y", length=0)
    figure.legend(loc="outside lower center", ncols=4, frameon=False, fontsize=9)
    figure.suptitle("Where the time of whole networks goes\n" + "\n".join(conditions(report)), fontsize=10)
    figure.savefig(path, dpi=140)
    return True
