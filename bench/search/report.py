"""The table of the searches, on the terminal and in Markdown, and whether the bar is held."""

from harness.stats import geomean
from harness.table import markdown_line
from search.curves import NEAR, TENTH, TITLES

HEAD = ("layer", "points", "failed", "default", "a tenth", "model", "worst seed", "informed", "random", "to 5 %", "stopped")
LEGEND = (
    "Times are over the best of all points: \"default\" is what is taken without tuning, \"model\" what the search from "
    "nothing has after a tenth of the measurements (the median over the seeds, then the worst seed), \"informed\" the same "
    "with the other layers' measurements, \"random\" schedules in random order. \"to 5 %\": the measurements that the search "
    "from nothing needs to come within 5 %; \"stopped\": when it stops by itself (medians).")


def _over(value):
    return f"{value:.3f}x"


def cells(kernel):
    """One kernel's line."""
    tenth, needed = kernel.tenth, kernel.needed("model")
    informed = kernel.near("informed", tenth) if "informed" in kernel.curves else None
    return (kernel.layer, str(kernel.count), str(kernel.failures),
            _over(kernel.default / kernel.best) if kernel.default else "-", str(tenth),
            _over(kernel.near("model", tenth)), _over(kernel.near("model", tenth, max)),
            _over(informed) if informed else "-", _over(kernel.near("random", tenth)),
            str(needed) if needed else f"> {kernel.length}",
            str(sorted(kernel.stopped)[len(kernel.stopped) // 2]))


def mean_cells(kernels):
    """The geometric means over the kernels."""
    def mean(method):
        values = [kernel.near(method, kernel.tenth) for kernel in kernels if method in kernel.curves]
        return _over(geomean(values)) if values else "-"
    return ("geometric mean", "", "", "", "", mean("model"), "", mean("informed"), mean("random"), "", "")


def lines(kernels):
    """The table for a terminal."""
    table = [HEAD, *map(cells, kernels), mean_cells(kernels)]
    widths = [max(map(len, column)) for column in zip(*table)]
    return ["  ".join([row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:]))])
            for row in table]


def bar_line(kernels):
    """Whether the bar is held, in a sentence."""
    missed = [kernel.layer for kernel in kernels if not kernel.held()]
    found = f"missed in {', '.join(missed)}" if missed else f"held in all {len(kernels)} layers"
    return (f"Within {100 * (NEAR - 1):.0f} % of the best of all points with {100 * TENTH:.0f} % of the measurements, from "
            f"nothing: {found}.")


def conditions(report):
    """What was measured on what, in a sentence."""
    seeds = report["options"]["seeds"]
    return (f"{report['machine']['cpu']}, board {report['board']}, one thread, {seeds} seeds; "
            f"Convoy {report['versions']['convoy']}; {report['date'][:10]}.")


def markdown(report, kernels, picture):
    """The page."""
    said = [conditions(report), "", bar_line(kernels), "", f"![Best so far against measurements]({picture})", "",
            markdown_line(HEAD), "|:--|" + "--:|" * (len(HEAD) - 1),
            *(markdown_line(row) for row in [*map(cells, kernels), mean_cells(kernels)]), "", LEGEND, "",
            "Lines of the picture: " + "; ".join(TITLES.values()) + "."]
    return "\n".join(said) + "\n"
