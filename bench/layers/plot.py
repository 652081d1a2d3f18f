"""The PNG: ratios to the best peer and shares of the roofline, by class of layers."""

from harness.engines import COLOURS, DIRECT, PEERS, SUBJECT, TITLES, UNTUNED
from harness.table import conditions
from layers.bars import BARS

GROUP_GAP = 1.2
INCHES_A_LAYER = 0.26


def classes(rows, expected=BARS):
    """[(bar, its measured rows, fastest first)] of the bars that part the layers: each row once."""
    made, placed = [], set()
    for bar in expected:
        if not bar.short:
            continue
        members = [row for row in rows if bar.contains(row.layer) and bar.ratio(row) and row.name not in placed]
        placed.update(row.name for row in members)
        if members:
            made.append((bar, sorted(members, key=lambda row: bar.ratio(row), reverse=True)))
    return made


def _positions(groups):
    """The x of every row, a gap between classes."""
    places, x = [], 0.0
    for _, members in groups:
        places.append([x + index for index in range(len(members))])
        x += len(members) + GROUP_GAP
    return places


def _ratios(axes, groups, places, label):
    for (bar, members), xs in zip(groups, places):
        for x, row in zip(xs, members):
            axes.plot([x, x], [1, bar.ratio(row)], color=COLOURS[SUBJECT], linewidth=1, alpha=0.5, zorder=2)
        axes.plot(xs, [bar.ratio(row) for row in members], "o", color=COLOURS[SUBJECT], markersize=5, zorder=4)
        for other in (DIRECT, UNTUNED):
            points = [(x, row.ratio(other, PEERS[other])) for x, row in zip(xs, members)]
            points = [point for point in points if point[1]]
            if points:
                axes.plot(*zip(*points), "o", color=COLOURS[other], markersize=4, zorder=3)
        if bar.mean or bar.worst:
            axes.plot([xs[0] - 0.5, xs[-1] + 0.5], [bar.mean or bar.worst] * 2, color="black", linestyle="--",
                      linewidth=1, zorder=3)
        axes.text((xs[0] + xs[-1]) / 2, 1.02, bar.short, transform=axes.get_xaxis_transform(), ha="center",
                  va="bottom", fontsize=9)
    axes.axhline(1, color="#555555", linewidth=1)
    axes.set_yscale("log", base=2)
    low, high = axes.get_ylim()
    ticks = [tick for tick in (0.25, 0.5, 1, 2, 4, 8, 16) if low <= tick <= high]
    axes.set_yticks(ticks, [f"{tick:g}x" for tick in ticks])
    axes.set_ylabel(label)


def points_of_engines(axes, groups, places, engines, value):
    """A point for each row and engine that `value(row, engine)` is known of."""
    for (_, members), xs in zip(groups, places):
        for engine in engines:
            points = [(x, value(row, engine)) for x, row in zip(xs, members) if value(row, engine)]
            if points:
                front = 4 if engine == SUBJECT else 3
                axes.plot(*zip(*points), "o", color=COLOURS[engine], markersize=5 if engine == SUBJECT else 3.5,
                          zorder=front)


def shares(axes, groups, places, engines):
    """A lower panel: what every engine reaches of the roofline."""
    points_of_engines(axes, groups, places, engines, lambda row, engine: row.share(engine) and 100 * row.share(engine))
    axes.axhline(100, color="#555555", linewidth=1)
    axes.axhline(60, color="#555555", linewidth=1, linestyle=":")
    axes.set_ylim(bottom=0)
    axes.set_ylabel("% of the roofline (direct algorithm)")


def write_png(report, path):
    """Draws the report; False where nothing was compared with a peer."""
    return draw(report, path, classes(report.rows), f"Single layers, {report.options['isa']}", "best peer's time / Convoy's",
                shares)


def draw(report, path, groups, title, label, lower_panel, expected="geometric mean expected of the class"):
    """Ratios above what `lower_panel(axes, groups, places, engines)` draws; False where there are no `groups`. `expected`
    says what a class's bar is."""
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D
    if not groups:
        return False
    places = _positions(groups)
    count = sum(len(members) for _, members in groups)
    figure = Figure(figsize=(max(9.0, 2.0 + INCHES_A_LAYER * count), 9.5), layout="constrained")
    upper, lower = figure.subplots(2, 1, sharex=True)
    _ratios(upper, groups, places, label)
    lower_panel(lower, groups, places, report.engines)
    for axes in (upper, lower):
        axes.grid(axis="y", color="#e4e4e4", linewidth=0.8)
        axes.set_axisbelow(True)
    lower.set_xlim(-1, places[-1][-1] + 1)
    lower.set_xticks([x for xs in places for x in xs],
                     [row.name for _, members in groups for row in members], rotation=90, fontsize=7)
    handles = [Line2D([], [], linestyle="", marker="o", color=COLOURS[name], label=TITLES[name])
               for name in report.engines]
    handles.append(Line2D([], [], linestyle="--", color="black", label=expected))
    figure.legend(handles=handles, loc="outside lower center", ncols=len(handles), frameon=False, fontsize=9)
    figure.suptitle(f"{title}\n{conditions(report)[0]}", fontsize=11)
    figure.savefig(path, dpi=140)
    return True
