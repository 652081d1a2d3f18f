"""A picture with a panel for each family, and what the colours mean in a cell of its own."""

from harness.engines import COLOURS, SUBJECT, TITLES
from harness.table import conditions

OTHER_COLOUR = "#777777"
PANEL_INCHES = (4.6, 4.3)
MAX_COLUMNS = 3


def colour_of(engine):
    """The colour of an engine's lines."""
    return COLOURS.get(engine, OTHER_COLOUR)


def front_of(engine):
    """How far in front an engine's lines lie: Convoy's are never covered."""
    return 4 if engine == SUBJECT else 3


def engine_handles(engines):
    """The legend's entries of the engines."""
    from matplotlib.lines import Line2D
    return [Line2D([], [], color=colour_of(engine), linewidth=2, label=TITLES.get(engine, engine)) for engine in engines]


def draw_panels(report, path, panels, title, panel, handles):
    """Draws `panel(axes, family, rows, engines)` of every one of the `panels` {family: rows}; True."""
    from matplotlib.figure import Figure
    cells = len(panels) + 1
    across = 2 if cells == 4 else min(MAX_COLUMNS, cells)
    down = -(-cells // across)
    figure = Figure(figsize=(PANEL_INCHES[0] * across, PANEL_INCHES[1] * down + 0.5), layout="constrained")
    places = list(figure.subplots(down, across, squeeze=False).flat)
    for axes, (family, rows) in zip(places, panels.items()):
        panel(axes, family, rows, report.engines)
    for axes in places[len(panels):]:
        axes.axis("off")
    places[len(panels)].legend(handles=handles, loc="center", frameon=False, fontsize=10, labelspacing=0.8)
    figure.suptitle(f"{title}\n{conditions(report)[0]}", fontsize=12)
    figure.savefig(path, dpi=140)
    return True
