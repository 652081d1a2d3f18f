#!/usr/bin/env python3
"""Pages of predicted kernels: python bench/analyze.py ANALYSIS.json [--beside OTHER.json] -o PAGE.md

ANALYSIS.json is what `convoy analyze NETWORKS... --board BOARD --json ANALYSIS.json` writes; --beside adds the
percentages of another analysis of the same kernels, by another processor of llvm-mca. Rows under the bar carry the
reason that bench/shapes/analyze-reasons.txt has for them; exit code 1 names those without one. Of a GPU there are
registers, spills and occupancy instead, and no bar.
"""

import argparse
import json
import re
import statistics
import sys
from pathlib import Path

REASONS = Path(__file__).parent / "shapes" / "analyze-reasons.txt"
BARS = {"cortex-a53": 60}
BAR = 70


def read_reasons(file):
    """(board, template, least channels a group, text) of each line: BOARD TEMPLATE CHANNELS TEXT, '*' for any."""
    reasons = []
    for line in file.read_text().splitlines():
        if line and not line.startswith("#"):
            board, template, channels, text = line.split(maxsplit=3)
            reasons.append((board, template, channels, text))
    return reasons


def channels_per_group(kernel):
    """Input channels of a group, by the kernel's own line; 0 where it has none."""
    groups, channels = re.search(r"\bg(\d+)ic(\d+)", kernel) or (0, 0), 0
    return int(groups[2]) // int(groups[1]) if groups != (0, 0) else channels


def reason_of(row, board, reasons):
    for on_board, template, channels, text in reasons:
        if on_board in (board, "*") and template in (row["template"], "*") and (
                channels == "*" or channels_per_group(row["kernel"]) <= int(channels)):
            return text
    return None


def networks_of(row):
    names = sorted({step.split("/")[0] for step in row["steps"]})
    return names[0] if len(names) == 1 else f"{names[0]} and {len(names) - 1} more"


def page(analysis, beside, reasons):
    """The page's text, and the kernels under the bar that have no reason."""
    board, rows = analysis["board"], analysis["kernels"]
    bar = BARS.get(board, BAR)
    others = {row["kernel"]: row["peak_percent"] for row in beside["kernels"]} if beside else {}
    below = [row for row in rows if row["peak_percent"] < bar]
    lines = [f"# Inner loops on {board}, as predicted", "",
             f"`convoy analyze` over the {len({s.split('/')[0] for row in rows for s in row['steps']})} networks of "
             f"`models/write.py`, by {analysis['mca']} for {analysis['mca_cpu']}: nothing here was measured. "
             f"{len(rows)} distinct convolutions; {len(rows) - len(below)} reach {bar} % of the board's peak of "
             f"{analysis['peak_macs_per_cycle']:g} multiply-adds a cycle in their inner loop, the median is "
             f"{statistics.median(row['peak_percent'] for row in rows):.0f} %. What the loop's data cost beyond the "
             "first-level cache, and what lies outside of the loop, is not in it. Spills: loads and stores of registers in "
             "the loop. Limited by: the unit of LLVM's model that is hardly ever idle, or latency.", ""]
    head = ["kernel", "networks", "schedule", "multiply-adds", "cycles", "% of peak"]
    head += [f"% by {beside['mca_cpu']}"] if beside else []
    head += ["spills", "limited by", "reason"]
    lines += ["| " + " | ".join(head) + " |", "| " + " | ".join(["---"] * len(head)) + " |"]
    unexplained = []
    for row in sorted(rows, key=lambda r: r["peak_percent"]):
        reason = ""
        if row in below:
            reason = reason_of(row, board, reasons)
            if reason is None:
                unexplained.append(row["kernel"])
        loop = row["loop"]
        parameters = " ".join(f"{name}={value}" for name, value in row["parameters"].items())
        cells = [f"`{row['kernel']}`", networks_of(row), f"`{row['template']} {parameters}`", str(loop["macs"]),
                 f"{row['cycles']:.1f}", f"{row['peak_percent']:.0f}"]
        cells += [f"{others[row['kernel']]:.0f}" if row["kernel"] in others else ""] if beside else []
        cells += [str(loop["spill_loads"] + loop["spill_stores"]), row["bottleneck"], reason or ""]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n", unexplained


def gpu_page(analysis):
    board, rows = analysis["board"], analysis["kernels"]
    networks = {step.split("/")[0] for row in rows for step in row["steps"]}
    spilling = sum(row["spill_store_bytes"] + row["spill_load_bytes"] > 0 for row in rows)
    lines = [f"# Kernels on {board}, as assembled", "",
             f"`convoy analyze` over the {len(networks)} networks of `models/write.py`, assembled by ptxas for "
             f"{analysis['ptxas_target']}: nothing here was measured. {len(rows)} distinct convolutions; {spilling} spill "
             "registers. Occupancy: of the threads that a multiprocessor has room for. FMA: multiply-adds of the "
             "instructions of the basic block that has most of them, in PTX; loads: those from global and shared memory. "
             "us: predicted, the launch included.", ""]
    head = ["kernel", "networks", "schedule", "registers", "spills", "shared bytes", "threads", "blocks", "occupancy %",
            "FMA %", "FMAs", "loads", "us"]
    lines += ["| " + " | ".join(head) + " |", "| " + " | ".join(["---"] * len(head)) + " |"]
    for row in sorted(rows, key=lambda r: r["loop"]["fmas"] / r["loop"]["instructions"]):
        loop = row["loop"]
        parameters = " ".join(f"{name}={value}" for name, value in row["parameters"].items())
        cells = [f"`{row['kernel']}`", networks_of(row), f"`{row['template']} {parameters}`", str(row["registers"]),
                 str(row["spill_store_bytes"] + row["spill_load_bytes"]), str(row["shared_bytes"]),
                 "x".join(map(str, row["threads"])), "x".join(map(str, row["blocks"])),
                 f"{row['occupancy_percent']:.0f}", f"{100 * loop['fmas'] / loop['instructions']:.0f}", str(loop["fmas"]),
                 str(loop["loads"]), f"{row['expected_us']:.1f}"]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("analysis", type=Path)
    parser.add_argument("--beside", type=Path)
    parser.add_argument("-o", "--output", type=Path, required=True)
    options = parser.parse_args()
    beside = json.loads(options.beside.read_text()) if options.beside else None
    analysis = json.loads(options.analysis.read_text())
    if "ptxas_target" in analysis:
        text, unexplained = gpu_page(analysis), []
    else:
        text, unexplained = page(analysis, beside, read_reasons(REASONS))
    options.output.write_text(text)
    for kernel in unexplained:
        print(f"{kernel}: under the bar without a reason in {REASONS.name}", file=sys.stderr)
    return 1 if unexplained else 0


if __name__ == "__main__":
    sys.exit(main())
