"""Convoy against the best peer, and against each: groups of networks, geometric means."""

from dataclasses import dataclass

from compare.networks import is_torchvision
from harness.engines import ALL_PEERS
from harness.stats import geomean

SUITE = ("wrn40_2", "resnet34", "mbv2")
E2GC = ("mbv1", "resnext50")
FIXED_GROUPS = ("G2", "G4", "G8", "G16")


@dataclass
class Group:
    """A group of networks with its geometric mean and its worst ratio to the best peer, and the means to `peers` alone."""

    title: str
    count: int
    mean: float
    worst: float
    worst_name: str
    peers: dict


def _ratios(rows, *peers):
    """{network: the best peer's time over Convoy's} of the networks that have it."""
    ratios = {row.name: row.ratio(peers=peers or ALL_PEERS) for row in rows}
    return {name: value for name, value in ratios.items() if value is not None}


def _group(title, rows):
    ratios = _ratios(rows)
    if not ratios:
        return None
    worst = min(ratios, key=ratios.get)
    peers = {peer: geomean(found.values()) for peer in ALL_PEERS if (found := _ratios(rows, peer))}
    return Group(title, len(ratios), geomean(ratios.values()), ratios[worst], worst, peers)


def groups(rows):
    """The groups that have a measured network, and all networks together."""
    def suite(*variants):
        return [row for row in rows if row.family in SUITE and row.variant in variants]
    made = [
        _group("G(2), G(4), G(8), G(16) of wrn40_2, resnet34, mbv2", suite(*FIXED_GROUPS)),
        _group("S of wrn40_2, resnet34, mbv2", suite("S")),
        _group("G(N) of wrn40_2, resnet34, mbv2", suite("GN")),
        _group("E2GC: mbv1, resnext50", [row for row in rows if row.family in E2GC]),
        _group("torchvision", [row for row in rows if is_torchvision(row.name)]),
        _group("all networks", rows),
    ]
    return [group for group in made if group]
