"""The PNG of measured against expected: T(g) / T(S) over MACs(g) / MACs(S), a panel a family, every engine."""

from compare.panels import colour_of, draw_panels, engine_handles, front_of
from compare.plot import STYLES, label_variants, plain_ticks, series
from compare.scaling import baseline, family_rows, shares


def _panel(axes, family, rows, engines):
    """One family: a line an engine and a kind of grouping, and the diagonal on which time is in proportion to MACs."""
    start = baseline(rows)
    for engine in engines:
        place = {row.name: (macs, time) for row, macs, time in shares(rows, engine)}
        for kind, members in series(rows):
            points = [place[row.name] for row in members if row.name in place]
            if points:
                axes.plot(*zip(*points), color=colour_of(engine), linewidth=1.6, markersize=5, zorder=front_of(engine),
                          **STYLES[kind])
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.margins(0.08)
    low, high = axes.get_xlim()
    axes.plot([low, high], [low, high], color="black", linestyle=":", linewidth=1.3, zorder=2)
    axes.set_xlim(low, high)
    label_variants(axes, {row.variant: row.macs / start.macs for row in rows})
    plain_ticks(axes.xaxis, low, high)
    plain_ticks(axes.yaxis, *axes.get_ylim())
    axes.grid(axis="y", color="#e4e4e4", linewidth=0.8)
    axes.set_axisbelow(True)
    axes.set_xlabel(f"expected: MACs / MACs({start.variant})")
    axes.set_ylabel(f"measured: time / time({start.variant})")
    axes.set_title(family, fontsize=12, fontweight="bold", pad=34)


def write_png(report, path):
    """Draws the families with more than one measured network; False without any."""
    from matplotlib.lines import Line2D
    panels = {family: rows for family, rows in family_rows(report.rows).items()
              if any(len(shares(rows, engine)) > 1 for engine in report.engines)}
    if not panels:
        return False
    handles = engine_handles(report.engines)
    handles.append(Line2D([], [], color="black", linestyle=":", label="measured = expected"))
    if any(kind == "g" for rows in panels.values() for kind, _ in series(rows)):
        handles += [Line2D([], [], color="black", linestyle="", label=text, **STYLES[kind])
                    for kind, text in (("G", "G channels per group"), ("g", "g groups"))]
    return draw_panels(report, path, panels, "Measured against expected time of whole networks", _panel, handles)
