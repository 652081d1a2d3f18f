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
    """A group of networks with its geometric mean and its worst ratio to the best peer, and the means to `peers` alone;
    `ratios` has each network's.

    `expected` are the least mean and the least ratio of each network that Convoy is made for, or None.
    """

    title: str
    count: int
    mean: float
    worst: float
    worst_name: str
    peers: dict
    ratios: dict
    expected: tuple | None = None

    def holds(self):
        """Whether the group is as fast as expected."""
        mean, least = self.expected
        return self.mean >= mean and self.worst >= least


def _ratios(rows, *peers):
    """{network: the best peer's time over Convoy's} of the networks that have it."""
    ratios = {row.name: row.ratio(peers=peers or ALL_PEERS) for row in rows}
    return {name: value for name, value in ratios.items() if value is not None}


def _group(title, rows, expected=None):
    ratios = _ratios(rows)
    if not ratios:
        return None
    worst = min(ratios, key=ratios.get)
    peers = {peer: geomean(found.values()) for peer in ALL_PEERS if (found := _ratios(rows, peer))}
    return Group(title, len(ratios), geomean(ratios.values()), ratios[worst], worst, peers, ratios, expected)


def groups(rows):
    """The groups that have a measured network, and all networks together."""
    def suite(*variants):
        return [row for row in rows if row.family in SUITE and row.variant in variants]
    made = [
        _group("G(2), G(4), G(8), G(16) of wrn40_2, resnet34, mbv2", suite(*FIXED_GROUPS), (1.9, 1.4)),
        _group("S of wrn40_2, resnet34, mbv2", suite("S"), (1.8, 1.3)),
        _group("G(N) of wrn40_2, resnet34, mbv2", suite("GN"), (1.25, 1.0)),
        _group("E2GC: mbv1, resnext50", [row for row in rows if row.family in E2GC], (1.5, 1.0)),
        _group("torchvision", [row for row in rows if is_torchvision(row.name)], (1.3, 1.0)),
        _group("all networks", rows),
    ]
    return [group for group in made if group]
