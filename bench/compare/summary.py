"""Convoy against the best peer: ratios, groups of networks, geometric means."""

from dataclasses import dataclass

from compare.engines import SUBJECT
from compare.stats import geomean

SUITE = ("wrn40_2", "resnet34", "mbv2")
E2GC = ("mbv1", "resnext50")
GROUPED = ("G4", "G8", "G16", "GN")
NEAR_DENSE = ("S", "G2")


def ratio(row):
    """The best peer's median over Convoy's (above 1: Convoy is faster); None where not measured."""
    mine = row.time(SUBJECT)
    peers = [row.time(name) for name in row.engines if name != SUBJECT]
    peers = [value for value in peers if value is not None]
    if row.status != "ok" or mine is None or not peers:
        return None
    return min(peers) / mine


@dataclass
class Group:
    """A group of networks with its geometric mean and its worst ratio."""

    title: str
    count: int
    mean: float
    worst: float
    worst_name: str


def _group(title, rows):
    ratios = {row.name: ratio(row) for row in rows}
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
