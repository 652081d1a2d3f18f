"""The few statistics the comparison needs, on plain numbers."""

import math
from statistics import median


def percentile(values, share):
    """The smallest value with at least `share` (0..1] of the values at or below it."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def geomean(values):
    """Geometric mean of positive numbers; NaN when there are none."""
    values = list(values)
    if not values:
        return math.nan
    return math.exp(math.fsum(map(math.log, values)) / len(values))


def summarise(samples_ns):
    """Nanosecond samples as {min_ms, median_ms, p90_ms, count}."""
    return {
        "min_ms": min(samples_ns) / 1e6,
        "median_ms": median(samples_ns) / 1e6,
        "p90_ms": percentile(samples_ns, 0.9) / 1e6,
        "count": len(samples_ns),
    }
