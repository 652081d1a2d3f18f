"""The comparison as Markdown, ready for the README."""

from compare.summary import groups
from compare.table import columns
from harness.table import conditions, markdown_line, markdown_table, reasons

LEGEND = ("Times are medians (ms) and minima (min) of interleaved runs. \"vs best peer\" is the faster "
          "peer's median over Convoy's: above 1, Convoy is faster.")


def _groups(report):
    """The table of groups; nothing where Convoy was not measured."""
    made = groups(report.rows)
    if not made:
        return []
    lines = ["", markdown_line(["Group", "Networks", "Geometric mean", "Worst"]), "|:--|--:|--:|:--|"]
    for group in made:
        lines.append(markdown_line([group.title, str(group.count), f"{group.mean:.2f}x",
                                    f"{group.worst:.2f}x (`{group.worst_name}`)"]))
    return lines


def markdown(report):
    """Conditions, networks, groups, and the reason of every network that is not ok."""
    table = markdown_table("Network", columns(report.engines), report.rows)
    lines = [" ".join(conditions(report)), "", *table, "", LEGEND]
    if not report.complete:
        lines += ["", f"Interrupted after {len(report.rows)} of {report.options['rows']} networks."]
    lines += _groups(report)
    failures = reasons(report.rows)
    if failures:
        lines += ["", *(f"- {line}" for line in failures)]
    return "\n".join(lines) + "\n"
