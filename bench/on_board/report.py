"""The results as a table, as Markdown and as JSON."""

import json
from dataclasses import dataclass

from harness.table import Column, TerminalTable, markdown_table, number


@dataclass
class Row:
    """One case: times of one layer of a chain, None where it is not measured or emulated."""

    name: str
    board: str
    macs: int | None  # None with the next two where no board of the library runs there
    predicted_us: float | None
    peak_gflops: float | None
    error: float
    failure: str = ""
    runs: int = 0
    min_us: float | None = None
    median_us: float | None = None

    @property
    def gflops(self):
        return self.median_us and 2e-3 * self.macs / self.median_us

    @property
    def percent_of_peak(self):
        return self.gflops and 100 * self.gflops / self.peak_gflops


def row_of(case, found, emulated):
    """The Row of a case and what the program printed about it."""
    if not found["board"]:
        return Row(case.name, "", None, None, None, found["error"], found.get("failure", ""))
    board = case.on(found["board"])
    times = {key: found[key] / case.chain for key in ("min_us", "median_us") if key in found and not emulated}
    return Row(case.name, found["board"], board["macs"] // case.chain, board["expected_us"] / case.chain,
               board["peak_gflops"], found["error"], found.get("failure", ""), found.get("runs", 0), **times)


def columns(threads):
    """The columns after the name."""
    return [
        Column("", "MMACs", 9, lambda row: number(row.macs, 2, 1e-6)),
        Column("", "min us", 11, lambda row: number(row.min_us, 1)),
        Column("", "median us", 11, lambda row: number(row.median_us, 1)),
        Column("", "GFLOP/s", 8, lambda row: number(row.gflops, 1)),
        Column("", "peak %", 6, lambda row: number(row.percent_of_peak, 0, 1 / threads)),
        Column("", "predicted us", 12, lambda row: number(row.predicted_us, 1)),
        Column("", "error", 8, lambda row: f"{row.error:.1e}"),
        Column("", "outputs", 7, lambda row: "FAILED" if row.failure else "ok"),
    ]


def sentences(report):
    """What was measured on what."""
    machine, rows = report["machine"], report["rows"]
    boards = sorted({row.board for row in rows if row.board})
    name = machine["model"] or machine["cpu"] or machine["cpu_part"] or "an unnamed CPU"
    clock = f", {int(machine['khz']) // 1000} of {int(machine['largest_khz']) // 1000} MHz at the end" \
        if machine["khz"] and machine["largest_khz"] else ""
    governor = f", governor {machine['governor']}" if machine["governor"] else ""
    threads = f"{report['threads']} thread{'s' if report['threads'] > 1 else ''}"
    said = [f"{name}, {machine['processors']} processors{governor}{clock}; {machine['system']}.",
            f"Code of {', '.join(boards) or 'no board'}, {threads}, {report['seconds']:g} s a case; {report['convoy']}, "
            f"{report['date']}."]
    if report["runner"]:
        said.append(f"Emulated by `{report['runner']}`: outputs are compared, and no times are shown.")
    return said


def failures(rows):
    """One line for every case that failed."""
    return [f"{row.name}: {row.failure}" for row in rows if row.failure]


def terminal(report):
    """The table as text."""
    rows, shown = report["rows"], columns(report["threads"])
    table = TerminalTable("case", shown, [row.name for row in rows])
    header = table.header().lstrip("\n ")
    return "\n".join([header, *map(table.row, rows), "", *sentences(report), *failures(rows)])


def markdown(report):
    """The same as Markdown."""
    lines = [" ".join(sentences(report)), "", *markdown_table("Case", columns(report["threads"]), report["rows"]), "",
             "Times are of one run, or of one layer of a chain of 8; the peak and the prediction, which is for one thread, "
             "are those of the board file. GFLOP/s count the direct algorithm's operations.",
             *[f"\n- {line}" for line in failures(report["rows"])]]
    return "\n".join(lines) + "\n"


def write(report, prefix):
    """Writes PREFIX.json and PREFIX.md; their paths."""
    prefix.parent.mkdir(parents=True, exist_ok=True)
    paths = [prefix.with_name(prefix.name + suffix) for suffix in (".json", ".md")]
    plain = {**report, "rows": [{key: value for key, value in vars(row).items() if value is not None}
                                for row in report["rows"]]}
    paths[0].write_text(json.dumps(plain, indent=1) + "\n")
    paths[1].write_text(markdown(report))
    return paths
