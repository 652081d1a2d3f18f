"""What limits the groups: how much of Convoy's time lies above the roofline, and where, by profiles of the same networks."""

import math

from compare.summary import groups
from compare.table import aligned
from harness import results
from harness.errors import UserError
from harness.stats import geomean
from profiles.row import FORMAT, ProfileRow
from profiles.steps import kind_of

SAME = ("threads", "batch", "board")  # what a profile and a comparison must have been measured under alike
FAST = ("winograd", "winograd_rows", "winograd_lanes", "strassen")  # templates of fewer multiplications than the direct algorithm's
LEAST_PERCENT = 0.3  # of the time: kinds of steps with less above the roofline are not named
HALVINGS = 40
ROUNDING = 1e-6  # percent
TITLES = ["What limits", "Expected mean", "Reached mean", "At the roofline", "Time above it", "Winograd, Strassen"]


def _times(steps):
    """Microseconds of a network's steps: in all, above the roofline by kind, and of the fast templates with their roofline's."""
    above = {}
    for step in steps:
        if step["us"] > step["roofline_us"]:
            kind = kind_of(step["kernel"])
            above[kind] = above.get(kind, 0.0) + step["us"] - step["roofline_us"]
    fast = [step for step in steps if step["template"] in FAST]
    return {"us": sum(step["us"] for step in steps), "above_us": above, "fast_us": sum(step["us"] for step in fast),
            "fast_roofline_us": sum(step["roofline_us"] for step in fast)}


def read(path, conditions):
    """What a report keeps of the profiles in a JSON file, among its options: the day, and the `_times` of each network; a
    UserError where they were measured under other `conditions`, a report's options."""
    profiles = results.load(path, FORMAT, ProfileRow)
    for key in SAME:
        if profiles.options[key] != conditions[key]:
            raise UserError(f"{path}: profiles with {key} {profiles.options[key]}, expected {conditions[key]}, the comparison's")
    return {"day": profiles.date[:10],
            "networks": {row.name: _times(row.steps) for row in profiles.rows if row.status == "ok" and row.steps}}


class Limits:
    """Networks by their `ratios`, {network: best peer's time over Convoy's}; `known` are the pairs of a ratio and the `_times`
    in `profiles` of those that have a profile."""

    def __init__(self, ratios, profiles):
        self.count = len(ratios)
        self.known = [(ratio, profiles[name]) for name, ratio in ratios.items() if name in profiles]

    def mean(self, share=1.0):
        """The geometric mean of the ratios without this share of the time above the roofline."""
        return geomean(ratio * times["us"] / (times["us"] - share * sum(times["above_us"].values()))
                       for ratio, times in self.known)

    def needed(self, wanted):
        """The share of the time above the roofline without which the mean is `wanted`, which lies between `mean` of 0 and of 1."""
        low, high = 0.0, 1.0
        for _ in range(HALVINGS):
            middle = (low + high) / 2
            low, high = (middle, high) if self.mean(middle) < wanted else (low, middle)
        return high

    def percent(self, part):
        """The mean over the networks of what percent of the time the microseconds `part(times)` are."""
        return sum(100 * part(times) / times["us"] for _, times in self.known) / len(self.known)

    def above(self):
        """{kind: percent of the time that lies above the roofline}, the largest first."""
        kinds = dict.fromkeys(kind for _, times in self.known for kind in times["above_us"])
        shares = {kind: self.percent(lambda times, kind=kind: times["above_us"].get(kind, 0.0)) for kind in kinds}
        return dict(sorted(shares.items(), key=lambda pair: -pair[1]))

    def fast(self):
        """How many times as fast as the direct algorithm's roofline the fast templates are; None without any."""
        us = sum(times["fast_us"] for _, times in self.known)
        return sum(times["fast_roofline_us"] for _, times in self.known) / us if us else None

    def some(self):
        """How many of the networks have a profile, in words; "" where all have."""
        return f"{len(self.known)} of {self.count} networks" if len(self.known) < self.count else ""


def _limits(report):
    """[(group, its Limits)] of the groups that something is expected of; empty where the report has no profiles."""
    if "profiles" not in report.options:
        return []
    profiles = report.options["profiles"]["networks"]
    return [(group, Limits(group.ratios, profiles)) for group in groups(report.rows) if group.expected]


def _cells(group, found):
    """One group's line of the table."""
    told = [group.title, f"{group.expected[0]:g}x", f"{group.mean:.2f}x"]
    if not found.known:
        return told + ["-"] * 3
    above = found.above()
    named = ", ".join(f"{kind} {share:.1f} %" for kind, share in above.items() if share >= LEAST_PERCENT)
    fast = found.fast()
    some = f" ({found.some()})" if found.some() else ""
    return told + [f"{found.mean():.2f}x{some}", f"{sum(above.values()):.1f} %{': ' if named else ''}{named}",
                   f"{found.percent(lambda times: times['fast_us']):.0f} %, {fast:.2f}x" if fast else "0 %"]


def limits_table(report):
    """(titles, rows of cells): for each group what it would be at the roofline, and what keeps it from there."""
    return TITLES, [_cells(group, found) for group, found in _limits(report)]


def _sentence(who, wanted, found):
    """Whether a ratio that was missed can be had by steps at their rooflines, and what it takes."""
    if not found.known:
        return f"{who}: no profile."
    some = f", {found.some()}" if found.some() else ""
    most = found.mean()
    if wanted > most:
        return f"{who}: {wanted:g}x is more than every layer at its roofline would give ({most:.2f}x{some})."
    if found.mean(0.0) >= wanted:
        return f"{who}: {wanted:g}x is reached by those that have a profile ({found.some()})."
    return (f"{who}: {wanted:g}x needs {math.ceil(100 * found.needed(wanted) - ROUNDING)} % of the time above the roofline to go "
            f"({most:.2f}x without any{some}).")


def sentences(report):
    """What every mean that was missed would take, and every least ratio, of the group's worst network."""
    told = []
    for group, found in _limits(report):
        mean, least = group.expected
        if group.mean < mean:
            told.append(_sentence(group.title, mean, found))
        if group.worst < least:
            worst = Limits({group.worst_name: group.worst}, report.options["profiles"]["networks"])
            told.append(_sentence(f"{group.worst_name} ({group.worst:.2f}x)", least, worst))
    return told


def lines(report):
    """The table as lines that line up, and the sentences below; nothing without profiles."""
    titles, cells = limits_table(report)
    return [*aligned([titles, *cells]), *sentences(report)] if cells else []
