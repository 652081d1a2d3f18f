"""The PNG: the best so far against the number of measurements, a panel a layer, a line a way to search."""

import math

from harness.stats import percentile
from search.curves import NEAR, TITLES
from search.report import conditions

COLOURS = {"model": "#c1272d", "informed": "#1f6fb4", "random": "#777777"}
PANEL_INCHES = (4.6, 3.6)
MOST_SHOWN = 2.0  # times the best; what is worse lies beyond the edge


def _spread(kernel, method, share):
    """A percentile of the seeds after each measurement, over the best of all."""
    return [percentile([curve[n] for curve in kernel.curves[method]], share) / kernel.best
            for n in range(kernel.length)]


def _panel(axes, kernel):
    counts = range(1, kernel.length + 1)
    for method, colour in reversed(COLOURS.items()):
        if method not in kernel.curves:
            continue
        middle = _spread(kernel, method, 0.5)
        low, high = (_spread(kernel, method, share) for share in (0.1, 0.9))
        axes.fill_between(counts, low, [min(value, 100 * MOST_SHOWN) for value in high], step="post", color=colour,
                          alpha=0.12, linewidth=0)
        axes.step(counts, middle, where="post", color=colour, linewidth=1.8, label=TITLES[method])
    axes.axhline(NEAR, color="#555555", linewidth=1, linestyle="--")
    axes.axvline(kernel.tenth, color="#555555", linewidth=1, linestyle=":")
    if kernel.default:
        axes.plot([1], [min(kernel.default / kernel.best, MOST_SHOWN)], "o", color="black", markersize=5, zorder=5,
                  clip_on=False)
    axes.set_xlim(1, kernel.length)
    axes.set_ylim(0.98, MOST_SHOWN)
    ticks = (1, NEAR, 1.25, 1.5, 1.75, 2)
    axes.set_yticks(ticks, [f"{tick:g}x" for tick in ticks])
    axes.grid(axis="y", color="#e4e4e4", linewidth=0.8)
    axes.set_axisbelow(True)
    axes.set_title(f"{kernel.layer}: {kernel.count} schedules", fontsize=9)


def write_png(report, kernels, path):
    """Draws the kernels; False where there are none."""
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D
    if not kernels:
        return False
    columns = min(2, len(kernels))
    rows = math.ceil(len(kernels) / columns)
    figure = Figure(figsize=(PANEL_INCHES[0] * columns + 0.6, PANEL_INCHES[1] * rows + 1.3), layout="constrained")
    panels = figure.subplots(rows, columns, squeeze=False)
    for axes, kernel in zip(panels.flat, kernels):
        _panel(axes, kernel)
    for axes in panels.flat[len(kernels):]:
        axes.set_visible(False)
    for axes in panels[:, 0]:
        axes.set_ylabel("best so far / best of all")
    for axes in panels.flat[:len(kernels)]:
        axes.set_xlabel("schedules measured", fontsize=9)
    drawn = [name for name in COLOURS if any(name in kernel.curves for kernel in kernels)]
    handles = [Line2D([], [], color=COLOURS[name], linewidth=1.8, label=TITLES[name]) for name in drawn]
    handles += [Line2D([], [], color="#555555", linestyle="--", label="5 % above the best"),
                Line2D([], [], color="#555555", linestyle=":", label="a tenth of all"),
                Line2D([], [], color="black", linestyle="", marker="o", label="without tuning")]
    figure.legend(handles=handles, loc="outside lower center", ncols=2 if columns == 1 else 3, frameon=False,
                  fontsize=9)
    figure.suptitle("Best schedule found: median, and 10 to 90 % of the seeds\n" + conditions(report), fontsize=10)
    figure.savefig(path, dpi=140)
    return True
