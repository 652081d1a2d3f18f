"""The comparison as Markdown, ready for the README."""

from compare.summary import groups
from compare.table import columns, conditions, reasons

LEGEND = ("Times are medians (ms) and minima (min) of interleaved runs. \"vs best peer\" is the faster "
          "peer's median over Convoy's: above 1, Convoy is faster.")


def _line(cells):
    return "| " + " | ".join(cells) + " |"


def _networks(report):
    """The table of all networks."""
    shown = columns(report.engines)
    titles = [f"{column.block} (ms)" if column.title == "ms" else column.title for column in shown]
    lines = [_line(["Network", *titles]), "|:--" + "|--:" * len(shown) + "|"]
    for row in report.rows:
        lines.append(_line([f"`{row.name}`", *(column.cell(row) for column in shown)]))
    return lines


def _groups(report):
    """The table of groups; nothing where Convoy was not measured."""
    made = groups(report.rows)
    if not made:
        return []
    lines = ["", _line(["Group", "Networks", "Geometric mean", "Worst"]), "|:--|--:|--:|:--|"]
    for group in made:
        lines.append(_line([group.title, str(group.count), f"{group.mean:.2f}x",
                            f"{group.worst:.2f}x (`{group.worst_name}`)"]))
    return lines


def markdown(report):
    """Conditions, networks, groups, and the reason of every network that is not ok."""
    lines = [" ".join(conditions(report)), "", *_networks(report), "", LEGEND]
    if not report.complete:
        lines += ["", f"Interrupted after {len(report.rows)} of {report.options['networks']} networks."]
    lines += _groups(report)
    failures = reasons(report.rows)
    if failures:
        lines += ["", *(f"- {line}" for line in failures)]
    return "\n".join(lines) + "\n"
