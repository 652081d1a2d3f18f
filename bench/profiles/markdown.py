"""The page: the networks, the bars, and behind a click the layers of each network."""

from compare.left_out import left_out_lines
from harness.table import closing, conditions, markdown_line, markdown_table
from profiles.start import PROCESSES, RUNS
from profiles.steps import FAIR
from profiles.table import columns, start_columns, summary_lines

LEGEND = f"""\
"time" is the median of whole runs. The other columns about layers are of runs in which every step is timed: what \
percentage of their time the convolutions need by their rooflines (those of the direct algorithm: Winograd and Strassen can \
exceed 100 %), the share of steps that are no convolutions (fully connected layers are), and the layers below {FAIR} % of their \
rooflines, those without a reason among them. \
"code" is the library less its packed weights; "packed / weights" is these over 4 bytes a parameter: Winograd and \
Strassen transform weights into several times as many, `--no-winograd` does without. "load" is the time from before `dlopen` to after the first \
result, less a warm run's, with all files in the page cache, and beside it the time that a process takes to touch \
each page of the packed weights once. "memory" is the largest resident set after loading and {RUNS} runs, less that before \
loading, in MB, with the library's pages that were read, which the kernel can drop and share. Both are medians of \
{PROCESSES} fresh processes an engine."""

STARTS = """\
Load to first result in ms: from before the engine opens its file to after the first result, less a warm run's. ONNX \
Runtime and OpenVINO read the ONNX file; ncnn and MNN what their converters made of it, which does not count."""

DETAIL = ("kernel", "layers", "us", "share", "GFLOP/s", "roofline", "schedule", f"below {FAIR} % because")


def _reason(step):
    """The reason, and of how many of the layers where it is not of all."""
    if not step["below"]:
        return ""
    reason = step["reason"] or "?"
    return reason if step["below"] == step["count"] else f"{step['below']} of {step['count']}: {reason}"


def step_cells(step, total):
    """One line of a network's table."""
    return (f"`{step['kernel']}`", str(step["count"]), f"{step['us']:.1f}", f"{100 * step['us'] / total:.1f} %",
            f"{2e-3 * step['macs'] / step['us']:.1f}" if step["macs"] else "",
            f"{100 * step['roofline_us'] / step['us']:.0f} %", step["template"], _reason(step))


def details(row):
    """One network's layers, behind its name."""
    total = sum(step["us"] for step in row.steps)
    shares = ", ".join(f"{kind} {share:.1f} %" for kind, share in row.kinds().items())
    return ["", f"<details><summary><code>{row.name}</code>: {row.run_us / 1e3:.2f} ms, "
                f"{sum(step['count'] for step in row.steps)} steps</summary>", "", f"{shares[0].upper()}{shares[1:]}.", "",
            markdown_line(DETAIL), "|:--" + "|--:" * 5 + "|:--|:--|",
            *(markdown_line(step_cells(step, total)) for step in row.steps), "", "</details>"]


def markdown(report, picture):
    """Conditions, the picture, the table of the networks, the bars, then each network's layers."""
    lines = [" ".join(conditions(report)), "", f"![Where the time of each network goes]({picture})", "",
             *markdown_table("Network", columns(report.engines), report.rows), "",
             *(f"- {line}" for line in summary_lines(report)), "", LEGEND]
    if len(report.engines) > 1:
        lines += ["", STARTS, "", *markdown_table("Network", start_columns(report.engines), report.rows)]
        out = left_out_lines(report.rows)
        lines += ["", *(f"- {line}" for line in out)] if out else []
    lines += closing(report, "networks")
    for row in report.rows:
        lines += details(row) if row.steps else []
    return "\n".join(lines) + "\n"
