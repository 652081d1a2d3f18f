"""The PNG: time against MACs, one panel a family, with the expected line of every engine.

Networks that belong to no family of variants are drawn by compare.plot_times instead.
"""

import math

from compare.panels import colour_of, draw_panels, engine_handles, front_of
from compare.plot_times import write_times
from compare.scaling import baseline, expected, family_rows, millions

LABEL_GAP = 0.042
STYLES = {"G": {"marker": "o"}, "g": {"marker": "o", "markerfacecolor": "white"}}


def spread(positions, gap, low=0.0, high=1.0):
    """Ascending positions moved as little as possible to be `gap` apart within low..high."""
    moved = []
    for position in positions:
        moved.append(max(position, moved[-1] + gap if moved else low))
    limit = high
    for index in reversed(range(len(moved))):
        moved[index] = min(moved[index], limit)
        limit = moved[index] - gap
    return moved


def series(rows):
    """A family's rows by the kind of grouping: S, G.. and GN together, and g.. for itself."""
    groups = [row for row in rows if row.variant.startswith("g")]
    others = [row for row in rows if not row.variant.startswith("g")]
    return [(kind, members) for kind, members in (("G", others), ("g", groups)) if members]


def label_variants(axes, places):
    """Names variants {name: x} in the order of x above the panel, each tied to its place, where no data can be covered."""
    low, high = (math.log(bound) for bound in axes.get_xlim())
    shares = [(math.log(x) - low) / (high - low) for x in places.values()]
    across = axes.get_xaxis_transform()
    for (name, x), share, label in zip(places.items(), shares, spread(shares, LABEL_GAP)):
        axes.plot([x] * 2, [0, 1], transform=across, color="#e4e4e4", linewidth=0.8, zorder=0)
        axes.plot([share, label], [1.0, 1.045], transform=axes.transAxes, color="#999999",
                  linewidth=0.7, clip_on=False)
        axes.text(label, 1.055, name, transform=axes.transAxes, rotation=90, fontsize=8,
                  ha="center", va="bottom")


def plain_ticks(axis, low, high):
    """Ticks at 1, 2, 5 times powers of ten (more where few fit), written as plain numbers."""
    for steps in ((1, 2, 5), (1, 1.5, 2, 3, 4, 5, 6, 8)):
        decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
        ticks = [step * 10.0 ** decade for decade in decades for step in steps]
        ticks = [tick for tick in ticks if low <= tick <= high]
        if len(ticks) >= 3:
            break
    axis.set_ticks(ticks, [f"{tick:g}" for tick in ticks])
    axis.set_ticks([], minor=True)


def _panel(axes, family, rows, engines):
    """One family: a line an engine and a kind of grouping, and the expected lines."""
    for engine in engines:
        colour = colour_of(engine)
        for kind, members in series(rows):
            points = [(millions(row), row.time(engine)) for row in members if row.time(engine)]
            if points:
                axes.plot(*zip(*points), color=colour, linewidth=1.6, markersize=5, zorder=front_of(engine),
                          **STYLES[kind])
        line = expected(rows, engine)
        if line:
            axes.plot(*zip(*line), color=colour, linestyle=":", linewidth=1.3, zorder=2)
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.margins(0.06)
    plain_ticks(axes.yaxis, *axes.get_ylim())
    macs_low, macs_high = axes.get_xlim()
    axes.set_xlim(macs_low, macs_high)
    label_variants(axes, {row.variant: millions(row) for row in rows})
    plain_ticks(axes.xaxis, macs_low, macs_high)
    axes.grid(axis="y", color="#e4e4e4", linewidth=0.8)
    axes.set_axisbelow(True)
    axes.set_xlabel("MACs (millions)")
    axes.set_ylabel("median time (ms)")
    axes.set_title(family, fontsize=12, fontweight="bold", pad=34)


def _handles(panels, engines):
    """What the colours, markers and lines mean."""
    from matplotlib.lines import Line2D
    handles = engine_handles(engines)
    kinds = {kind for rows in panels.values() for kind, _ in series(rows)}
    if "g" in kinds:
        handles += [
            Line2D([], [], color="black", linestyle="", label=text, **STYLES[kind])
            for kind, text in (("G", "S, G(n), G(N); E2GC: G channels per group"), ("g", "FgGC: g groups"))
        ]
    handles.append(Line2D([], [], color="black", linestyle=":", label="expected: T(S) x MACs / MACs(S)"))
    if any(baseline(rows).variant != "S" for rows in panels.values()):
        handles.append(Line2D([], [], linestyle="", label="(from the most MACs where S was not measured)"))
    return handles


def write_png(report, path):
    """Draws the report; False where no network was measured."""
    panels = family_rows(report.rows)
    if not panels:
        return write_times(report, path)
    return draw_panels(report, path, panels, "Time of whole networks against their MACs", _panel,
                       _handles(panels, report.engines))
