"""Convoy against the best peer: groups of networks, geometric means."""

from dataclasses import dataclass

from harness.stats import geomean

SUITE = ("wrn40_2", "resnet34", "mbv2")
E2GC = ("mbv1", "resnext50")
GROUPED = ("G4", "G8", "G16", "GN")
NEAR_DENSE = ("S", "G2")


@dataclass
class Group:
    """A group of networks with its geometric mean and its worst ratio."""

    title: str
    count: int
    mean: float
    worst: float
    worst_name: str


def _group(title, rows):
    ratios = {row.name: row.ratio() for row in rows}
    ratios = {name: value for name, value in ratios.items() if value is not None}
    if not ratios:
        return None
    worst = min(ratios, key=ratios.get)
    return Group(title, len(ratios), geomean(ratios.values()), ratios[worst], worst)


def groups(rows):
    """The suite's groups that have a measured network, and all networks together."""
    def suite(variants):
        return [row for row in rows if row.family in SUITE and row.variant in variants]
    made = [
        _group("G(4), G(8), G(16), G(N) of wrn40_2, resnet34, mbv2", suite(GROUPED)),
        _group("S and G(2) of wrn40_2, resnet34, mbv2", suite(NEAR_DENSE)),
        _group("E2GC: mbv1, resnext50", [row for row in rows if row.family in E2GC]),
        _group("all networks", rows),
    ]
    return [group for group in made if group]
