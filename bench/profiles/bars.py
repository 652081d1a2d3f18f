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
    missed = [(row, value) for row in rows if (value := bar.value(row)) > bar.limit(row)]
    return sorted(missed, key=lambda pair: bar.limit(pair[0]) - pair[1])


def _told(bar, missed, count):
    """Who misses a bar, out of so many."""
    if not missed:
        return f"held by all {count} networks" if count > 1 else "held"
    names = ", ".join(f"{row.name} {bar.text(value)}" for row, value in missed[:MANY])
    more = f" and {len(missed) - MANY} more" if len(missed) > MANY else ""
    return f"missed by {f'{len(missed)} of {count} networks' if count > 1 else 'the only network'} ({names}{more})"


def bar_lines(rows):
    """A sentence a bar: whether it is held, and which networks miss it."""
    lines = []
    for bar in BARS:
        known = [row for row in rows if bar.value(row) is not None]
        if not known:
            continue
        missed = _missed(bar, known)
        lines.append(f"{bar.title[0].upper()}{bar.title[1:]}: {_told(bar, missed, len(known))}.")
    return lines
