"""The report: bars, columns, Markdown and picture."""

from compare_gpu.engines import CUDNN
from harness.engines import SUBJECT, TITLES
from harness.table import Column, closing, conditions, markdown_table, number, verdict
from layers import plot
from layers.bars import Bar, is_depthwise
from layers.markdown import bar_table
from layers.table import bar_lines

# Of cuDNN's convolutions in fp32, whatever setting of it is the fastest.
BARS = (
    Bar("grouped", "grouped", lambda layer: layer.g > 1 and not is_depthwise(layer), 2.0, 0.0, peers=(CUDNN,)),
    Bar("depthwise", "depthwise", is_depthwise, 1.5, 0.0, peers=(CUDNN,)),
    Bar("not grouped", "not grouped", lambda layer: layer.g == 1, 0.0, 0.0, peers=(CUDNN,)),
)

LEGEND = (
    "Times are medians of interleaved runs, in microseconds for the whole batch and one layer, of a chain of 8 equal layers "
    "where there is one. \"ratio\" is the fastest peer's median over Convoy's (above 1, Convoy is faster), \"of minima\" the "
    "same of the minima, \"to cuDNN\" that of cuDNN alone. GFLOP/s are Convoy's and count the direct algorithm's operations. "
    "mJ is the GPU's energy a frame and layer, its idle power included.")
ON_DEVICE = "Inputs and outputs stay on the GPU, whose events give the times: the means of bursts of about 2 ms."
ON_HOST = "Times are of the host's clock and include the copies of inputs and outputs."


def layers_of(report):
    return [row for row in report.rows if row.is_layer]


def columns(engines):
    """The columns of a comparison of `engines`, after the case's name."""
    made = [Column("", "MMAC", 8, lambda row: number(row.macs, 2, 1e-6)), Column("", "chain", 5, lambda row: str(row.chain))]
    for name in engines:
        title = TITLES[name]
        made += [Column(title, "us", 10, lambda row, name=name: number(row.us(name), 1)),
                 Column(title, "mJ", 8, lambda row, name=name: number(row.mj(name), 3))]
    rate = Column("", "GFLOP/s", 7, lambda row: number(row.gflops(), 0))
    if engines == [SUBJECT]:
        return made + [rate, Column("", "state", 7, lambda row: verdict(row, None))]
    made += [Column("", "best peer", 14, lambda row: TITLES.get(row.best_peer(), "-")),
             Column("", "ratio", 7, lambda row: verdict(row, row.ratio())),
             Column("", "of minima", 9, lambda row: verdict(row, row.ratio(key="min_ms")))]
    if CUDNN in engines:
        made.append(Column("", "to cuDNN", 8, lambda row: number(row.ratio(peers=(CUDNN,)), 2)))
    return made + [rate]


def remarks(report):
    """Sentences after the conditions."""
    if report.machine["uuid"] is None:
        return [ON_HOST]
    said = [ON_DEVICE]
    sources = {engine.get("mj_from") for row in report.rows for engine in row.engines.values()} - {None}
    if "power" in sources:
        said.append("Energy is NVML's power summed over time: this GPU has no counter of energy.")
    elif not sources and report.options["energy_seconds"]:
        said.append("No energy: NVML (nvidia-ml-py) is missing or tells none.")
    return said


def ending(report):
    """The lines below the table."""
    made = bar_lines(layers_of(report), BARS)
    return [*remarks(report), *([""] if made else []), *made]


def markdown(report, picture):
    """Conditions, bars, picture, cases, and why some are not ok."""
    drawn = plot.classes(layers_of(report), BARS)
    lines = [" ".join([*conditions(report), *remarks(report)]), *bar_table(layers_of(report), BARS), "",
             *([f"![Ratios by class of layers]({picture})", ""] if drawn else []),
             *markdown_table("Case", columns(report.engines), report.rows), "", LEGEND, *closing(report, "cases")]
    return "\n".join(lines) + "\n"


def _rates(axes, groups, places, engines):
    plot.points_of_engines(axes, groups, places, engines, lambda row, engine: row.gflops(engine))
    axes.set_yscale("log")
    axes.set_ylabel("GFLOP/s (direct algorithm)")


def write_png(report, path):
    """Draws the layers; False where none was compared with cuDNN."""
    return plot.draw(report, path, plot.classes(layers_of(report), BARS), f"Layers, batch {report.options['batch']}",
                     "cuDNN's time / Convoy's", _rates)
