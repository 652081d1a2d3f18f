"""The comparison as Markdown, ready for the README."""

from compare import beside, limits
from compare.left_out import left_out_lines, settings_sentence
from compare.table import FEW, columns, group_table, scaling_table
from harness.table import closing, conditions, markdown_line, markdown_table

LEGEND = ("{times} \"vs best peer\" is the fastest peer's median over Convoy's: above 1, Convoy is faster. \"Expected\" of a group "
          "is the least geometric mean that it is made for, and the least ratio of each network.")
FEW_TIMES = "Times are medians (ms) and minima (min) of interleaved runs."
MANY_TIMES = "Times are medians of interleaved runs. A dash is an engine that was left out of the row."
LIMITS = ("What limits a group, by Convoy's profiles of {day}: \"at the roofline\" is the mean if each step that takes longer than its "
          "roofline took that; Winograd's and Strassen's, which can be faster than the direct algorithm's, stay as they are. \"Time above "
          "it\" is the percentage of Convoy's time that this saves, the mean over the networks, and of which kinds of steps, those of "
          f"{limits.LEAST_PERCENT} % and more. \"Winograd, Strassen\" is the percentage of the time in these algorithms, and how many times as "
          "fast as the direct one at its roofline they are.")
SCALING = ("Measured / expected is the largest T(g) / T(S) over MACs(g) / MACs(S) of a family's variants g, with the variant; "
           "where there is no S it starts from the variant with the most MACs. 1 is time in proportion to MACs.")


def _table(titles, cells):
    """A small table after an empty line, names on the left; nothing without rows."""
    if not cells:
        return []
    return ["", markdown_line(titles), "|:--" + "|--:" * (len(titles) - 1) + "|", *map(markdown_line, cells)]


def markdown(report):
    """Conditions, networks, groups, scaling, and the reason of every network that is not ok and engine that was left out."""
    legend = LEGEND.format(times=FEW_TIMES if len(report.engines) <= FEW else MANY_TIMES)
    lines = [" ".join(conditions(report)), "", *markdown_table("Network", columns(report), report.rows), "",
             legend]
    settings = settings_sentence(report)
    lines += ["", settings] if settings else []
    gain = beside.lines(report)
    lines += ["", *gain] if gain else []
    lines += _table(*group_table(report))
    limiting = _table(*limits.limits_table(report))
    if limiting:
        lines += [*limiting, "", LIMITS.format(day=report.options["profiles"]["day"])]
        missed = limits.sentences(report)
        lines += ["", *(f"- {line}" for line in missed)] if missed else []
    scaling = _table(*scaling_table(report))
    lines += [*scaling, "", SCALING] if scaling else []
    out = left_out_lines(report.rows)
    lines += ["", *(f"- {line}" for line in out)] if out else []
    return "\n".join(lines + closing(report, "networks")) + "\n"
