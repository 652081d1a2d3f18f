"""The comparison as Markdown."""

from harness.engines import DIRECT, UNTUNED
from harness.table import Column, closing, conditions, markdown_line, markdown_table
from layers import reasons
from layers.table import BAR_TITLES, bar_cells, columns, kept_to, roofline_line
from layers.bars import BARS, results

LEGEND = (
    "Times are medians of interleaved runs in microseconds for one layer, of a chain of 8 equal layers where there is one. "
    "\"ratio\" is the fastest peer's median over Convoy's (above 1, Convoy is faster), \"of minima\" the same of "
    "the minima. GFLOP/s count the direct algorithm's operations. \"roof %\" is the least time by the measured roofline "
    "over Convoy's; Winograd can exceed 100.")
DIRECT_LEGEND = (" \"direct\" is Convoy compiled with `--no-winograd`, \"ncnn direct\" ncnn without Winograd; the column "
                 "of ratios under \"direct\" is Convoy's with nobody using Winograd.")
UNTUNED_LEGEND = (" \"untuned\" is Convoy compiled without records, \"gain\" its median over Convoy's.")


def legend(engines):
    """What the columns mean."""
    return LEGEND + (DIRECT_LEGEND if DIRECT in engines else "") + (UNTUNED_LEGEND if UNTUNED in engines else "")


def bar_table(rows, expected=BARS):
    """The bars as the lines of a table, after an empty one; nothing where Convoy was not measured."""
    cells = [bar_cells(result) for result in results(rows, expected)]
    if not cells:
        return []
    return ["", markdown_line([title.capitalize() for title in BAR_TITLES]), "|:--|--:|:--|--:|:--|:--|",
            *map(markdown_line, cells)]


def markdown(report, picture):
    """Conditions, bars, picture, layers with their reasons, and why layers are not ok."""
    known, isa = reasons.read(), report.options["isa"]

    def reason(row):
        told = reasons.of(row, isa, known)
        return "not explained" if told is None else told
    shown = [*columns(report.engines), Column("", "Under 60 %", 0, reason)]
    sentences = [*conditions(report), kept_to(report), roofline_line(report)]
    lines = [" ".join(filter(None, sentences)), *bar_table(report.rows), "", f"![Ratios by class of layers]({picture})", "",
             *markdown_table("Layer", shown, report.rows), "",
             legend(report.engines), *closing(report, "layers")]
    return "\n".join(lines) + "\n"
