"""The PNG of the time of every variant of a family, a panel a family, every engine."""

import math

from compare.panels import colour_of, draw_panels, engine_handles, front_of
from compare.plot import STYLES, plain_ticks, series
from compare.scaling import family_rows


def _panel(axes, family, rows, engines):
    """One family: a line an engine and a kind of grouping, in the order of the run; a gap where there is no time."""
    places = {row.name: place for place, row in enumerate(rows)}
    for engine in engines:
        for kind, members in series(rows):
            times = [row.time(engine) or math.nan for row in members]
            axes.plot([places[row.name] for row in members], times, color=colour_of(engine), linewidth=1.4,
                      markersize=4.5, zorder=front_of(engine), **STYLES[kind])
    axes.set_xticks(range(len(rows)), [row.variant for row in rows])
    axes.set_yscale("log")
    axes.margins(0.06)
    plain_ticks(axes.yaxis, *axes.get_ylim())
    axes.grid(axis="y", color="#e4e4e4", linewidth=0.8)
    axes.set_axisbelow(True)
    axes.set_xlabel("variant")
    axes.set_ylabel("median time (ms)")
    axes.set_title(family, fontsize=12, fontweight="bold")


def in_order(rows):
    """The families' rows in the order of the run, which is that of the papers."""
    place = {row.name: index for index, row in enumerate(rows)}
    return {family: sorted(members, key=lambda row: place[row.name]) for family, members in family_rows(rows).items()}


def write_png(report, path):
    """Draws the report; False where no network of a family was measured."""
    panels = in_order(report.rows)
    if not panels:
        return False
    return draw_panels(report, path, panels, "Time of whole networks by variant", _panel, engine_handles(report.engines))
