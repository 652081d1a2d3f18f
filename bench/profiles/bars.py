"""What is expected of every network, and which networks miss it."""

from dataclasses import dataclass
from typing import Callable

OUTSIDE_PERCENT = 8
CODE_BYTES = 2_000_000
LOAD_MS = 5
MANY = 6


@dataclass
class Bar:
    """`value(row)` is at most `limit(row)`; None where it is not known. `text` shows a value."""

    title: str
    value: Callable
    limit: Callable
    text: Callable


BARS = (
    Bar("no layer below 60 % of its roofline without a reason", lambda row: row.layers("unexplained"), lambda row: 0,
        lambda value: f"{value}"),
    Bar(f"outside convolutions at most {OUTSIDE_PERCENT} % of the time", lambda row: row.outside(),
        lambda row: OUTSIDE_PERCENT, lambda value: f"{value:.1f} %"),
    Bar("library at most packed weights + 2 MB", lambda row: row.code_bytes(), lambda row: CODE_BYTES,
        lambda value: f"{value / 1e6:.2f} MB"),
    Bar(f"load to first result at most {LOAD_MS} ms + reading the weights", lambda row: row.of("load_ms"),
        lambda row: LOAD_MS + (row.of("touch_ms") or 0), lambda value: f"{value:.1f} ms"),
)


def _missed(bar, rows):
    """[(row, value)] of the networks that miss a bar, the worst first."""
    values = [(row, bar.value(row)) for row in rows]
    missed = [(row, value) for row, value in values if value is not None and value > bar.limit(row)]
    return sorted(missed, key=lambda pair: bar.limit(pair[0]) - pair[1])


def bar_lines(rows):
    """A sentence a bar: whether it is held, and which networks miss it."""
    lines = []
    for bar in BARS:
        known = [row for row in rows if bar.value(row) is not None]
        if not known:
            continue
        missed = _missed(bar, known)
        names = ", ".join(f"{row.name} {bar.text(value)}" for row, value in missed[:MANY])
        more = f" and {len(missed) - MANY} more" if len(missed) > MANY else ""
        told = f"missed by {len(missed)} of {len(known)} networks ({names}{more})" if missed else \
            f"held by all {len(known)} networks" if len(known) > 1 else "held"
        lines.append(f"{bar.title[0].upper()}{bar.title[1:]}: {told}.")
    return lines
