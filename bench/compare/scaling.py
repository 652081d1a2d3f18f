"""How time scales with MACs within a family: measured against expected, which is T(S) x MACs / MACs(S)."""

from dataclasses import dataclass


def family_rows(rows):
    """{family: measured rows by MACs}, in the order of the rows; rows without a family are left out."""
    panels = {}
    for row in rows:
        if row.status == "ok" and row.family and row.macs:
            panels.setdefault(row.family, []).append(row)
    return {family: sorted(members, key=lambda row: row.macs) for family, members in panels.items()}


def baseline(rows):
    """The network that the expected times start from: S, or the one with the most MACs."""
    return next((row for row in rows if row.variant == "S"), max(rows, key=lambda row: row.macs))


def millions(row):
    """A network's MACs in millions."""
    return row.macs / 1e6


def expected(rows, engine):
    """[(MACs in millions, T(S) x MACs / MACs(S))] of one engine; empty where S has no time."""
    start = baseline(rows)
    time = start.time(engine)
    return [] if time is None else [(millions(row), time * row.macs / start.macs) for row in rows]


def shares(rows, engine):
    """[(row, MACs(g) / MACs(S), T(g) / T(S))] of one engine, S among them; empty where S has no time."""
    start = baseline(rows)
    time = start.time(engine)
    if time is None:
        return []
    return [(row, row.macs / start.macs, row.time(engine) / time) for row in rows if row.time(engine) is not None]


@dataclass
class Scaling:
    """The variant of a family whose time is the most above the expected one, as measured / expected."""

    family: str
    engine: str
    worst: float
    variant: str


def worst_scaling(family, rows, engine):
    """The Scaling of one engine over the variants of a family, or None where none was measured beside S."""
    start = baseline(rows)
    over = {row.variant: time / macs for row, macs, time in shares(rows, engine) if row is not start}
    if not over:
        return None
    variant = max(over, key=over.get)
    return Scaling(family, engine, over[variant], variant)


def scalings(report):
    """{family: {engine: Scaling}} of every family and engine that has one."""
    made = {}
    for family, rows in family_rows(report.rows).items():
        found = {engine: worst_scaling(family, rows, engine) for engine in report.engines}
        found = {engine: scaling for engine, scaling in found.items() if scaling}
        if found:
            made[family] = found
    return made
