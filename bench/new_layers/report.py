"""The report: bars, columns, Markdown and picture."""

from harness.engines import SUBJECT, UNTUNED
from harness.table import Column, closing, conditions, markdown_table, number
from layers import plot
from layers.bars import Bar, is_depthwise, is_narrow
from layers.markdown import bar_table, legend
from layers.table import bar_lines, columns as layer_columns, kept_to, roofline_line
from tuning.found import NEAR

NOISE = 0.02
NEAR_S = 60  # when a search should have nearly its final speed


def has_few(layer):
    return is_narrow(layer) or is_depthwise(layer)


BARS = (
    Bar("fewer than 16 channels a group, and depthwise", "fewer than 16, depthwise", has_few, 0.0, 2.0),
    Bar("the rest", "the rest", lambda layer: not has_few(layer), 0.0, 1.0),
    Bar("tuned over untuned", "", lambda layer: True, 0.0, 1.0 - NOISE, SUBJECT, (UNTUNED,), ("median_ms", "min_ms")),
)
RULE = (f"Tuned code counts as slower than untuned where both its median and its minimum are more than {100 * NOISE:.0f} % "
        "above the other's: what is less is noise.")
LEGEND = (f" \"tuned s\" is how long the layer was tuned, \"near s\" when the search had {100 * NEAR:.0f} % of the speed it came "
          "to, of all of the layer's kernels; \"tried\" how many schedules were measured.")


def columns(engines):
    """The columns of a comparison of `engines`, after the layer's descriptor."""
    return [*layer_columns(engines),
            Column("", "tuned s", 7, lambda row: number(row.tuning_s, 0)),
            Column("", "near s", 6, lambda row: number(row.near_s, 0)),
            Column("", "tried", 5, lambda row: number(row.measurements, 0))]


def near_line(rows):
    """In how many layers the search was near its end early, as a sentence; "" where none was tuned."""
    known = [row for row in rows if row.near_s is not None]
    if not known:
        return ""
    slowest = max(known, key=lambda row: row.near_s)
    early = sum(row.near_s <= NEAR_S for row in known)
    return (f"{100 * NEAR:.0f} % of the final speed within {NEAR_S} s: {early} of {len(known)} layers, the slowest after "
            f"{slowest.near_s:.0f} s of {slowest.tuning_s:.0f} ({slowest.name}).")


def out_of_reach(rows):
    """The layers below a bar that is above the roofline, as a sentence; "" without any."""
    names = [row.name for bar in BARS[:2] for row in rows if bar.contains(row.layer) and row.ratio()
             and row.ratio() < bar.worst and bar.worst * row.share(row.best_peer()) > 1]
    return f"Below a bar that is above the roofline: {', '.join(names)}." if names else ""


def tuned_line(report):
    """How layers were chosen and tuned."""
    options = report.options
    drawn = "layers of the command line" if options["seed"] is None else f"layers drawn with seed {options['seed']}"
    return f"{drawn.capitalize()}, each tuned from nothing for {options['time']}."


def ending(report):
    """The lines below the table."""
    made = bar_lines(report.rows, BARS)
    said = [line for line in (tuned_line(report), kept_to(report), roofline_line(report), near_line(report.rows)) if line]
    return [*said, *(["", *made, *filter(None, [RULE, out_of_reach(report.rows)])] if made else [])]


def markdown(report, picture):
    """Conditions, bars, picture, layers, and why some are not ok."""
    said = [*conditions(report), tuned_line(report), kept_to(report), roofline_line(report)]
    lines = [" ".join(filter(None, said)), *bar_table(report.rows, BARS), "",
             " ".join(filter(None, [near_line(report.rows), RULE, out_of_reach(report.rows)])), "",
             *([f"![Ratios by class of layers]({picture})", ""] if plot.classes(report.rows, BARS) else []),
             *markdown_table("Layer", columns(report.engines), report.rows), "", legend(report.engines) + LEGEND,
             *closing(report, "layers")]
    return "\n".join(lines) + "\n"


def write_png(report, path):
    """Draws the layers; False where none was compared."""
    return plot.draw(report, path, plot.classes(report.rows, BARS),
                     f"New layers, each tuned for {report.options['time']}, {report.options['isa']}",
                     "best peer's time / Convoy's", plot.shares, "least expected of each layer")
